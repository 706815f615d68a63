/** HTTP/1.1 as bytes: what a proxy must know to pass messages on exactly as they came. */

/** A message's start line and headers. */
export interface Head {
  /** As they came, with the empty line at their end. */
  bytes: Uint8Array<ArrayBuffer>;
  /** The request line or the status line. */
  start: string;
  headers: Headers;
}

/** How a message's body ends: after so many bytes, by its own chunks, or with the connection. */
export type Framing = number | "chunked" | "to the end";

/** The messages of one connection, one after the other. */
export interface Messages {
  /** The next head; undefined where the connection ended before one began. */
  head(): Promise<Head | undefined>;
  /** The body that follows it, as it came. Throws UnexpectedEof where it breaks off. */
  body(framing: Framing): AsyncGenerator<Uint8Array<ArrayBuffer>>;
}

/** A request's head with another path. */
export function withPath(head: Head, path: string): Head {
  const start = head.start.replace(/ \S+ /, () => ` ${path} `);
  const rest = head.bytes.subarray(new TextEncoder().encode(head.start).length);
  return { ...head, start, bytes: joined([new TextEncoder().encode(start), rest]) };
}

export function requestFraming({ headers }: Head): Framing {
  if (isChunked(headers)) return "chunked";
  return Number(headers.get("content-length") ?? 0);
}

export function responseFraming(head: Head, method: string): Framing {
  const { headers } = head;
  const status = statusOf(head);
  if (method === "HEAD" || status === 204 || status === 304) return 0;
  if (isChunked(headers)) return "chunked";
  const length = headers.get("content-length");
  return length === null ? "to the end" : Number(length);
}

export function statusOf(head: Head): number {
  return Number(head.start.split(" ")[1]);
}

function isChunked(headers: Headers): boolean {
  return headers.get("transfer-encoding")?.toLowerCase().endsWith("chunked") === true;
}

export function messagesOf(connection: Deno.Conn): Messages {
  let held = new Uint8Array(0);

  async function more(): Promise<boolean> {
    const buffer = new Uint8Array(64 << 10);
    const count = await connection.read(buffer);
    if (count === null) return false;
    held = joined([held, buffer.subarray(0, count)]);
    return true;
  }

  function take(count: number): Uint8Array<ArrayBuffer> {
    const taken = held.subarray(0, count);
    held = held.subarray(count);
    return taken;
  }

  /** All up to the end of the next `mark`. */
  async function through(mark: string): Promise<Uint8Array<ArrayBuffer>> {
    for (let from = 0;;) {
      const at = indexOf(held, mark, from);
      if (at >= 0) return take(at + mark.length);
      from = Math.max(0, held.length - mark.length);
      if (!await more()) throw new Deno.errors.UnexpectedEof("A message breaks off");
    }
  }

  async function* exactly(count: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let left = count; left > 0;) {
      if (held.length === 0 && !await more()) throw new Deno.errors.UnexpectedEof("A body breaks off");
      const part = take(Math.min(left, held.length));
      left -= part.length;
      yield part;
    }
  }

  async function* chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (;;) {
      const line = await through("\r\n");
      yield line;
      const size = parseInt(new TextDecoder().decode(line), 16);
      if (size === 0) break;
      yield* exactly(size + 2);
    }
    for (let length = 0; length !== 2;) {
      const trailer = await through("\r\n");
      length = trailer.length;
      yield trailer;
    }
  }

  return {
    async head() {
      if (held.length === 0 && !await more()) return undefined;
      const bytes = await through("\r\n\r\n");
      const [start = "", ...lines] = new TextDecoder().decode(bytes).trimEnd().split("\r\n");
      const headers = new Headers();
      for (const line of lines) {
        const at = line.indexOf(":");
        headers.append(line.slice(0, at), line.slice(at + 1).trim());
      }
      return { bytes, start, headers };
    },
    async *body(framing) {
      if (framing === "chunked") yield* chunks();
      else if (typeof framing === "number") yield* exactly(framing);
      else do yield take(held.length); while (await more());
    },
  };
}

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function indexOf(bytes: Uint8Array, mark: string, from: number): number {
  const codes = [...mark].map((letter) => letter.charCodeAt(0));
  for (let at = from; at + codes.length <= bytes.length; at++) {
    if (codes.every((code, i) => bytes[at + i] === code)) return at;
  }
  return -1;
}
