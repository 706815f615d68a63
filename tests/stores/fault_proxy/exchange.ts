import { type Head, joined, type Messages, messagesOf, responseFraming, statusOf } from "./messages.ts";
import { onlyClosed, type Sockets, writeAll } from "./sockets.ts";

/** A request as it came, and what became of it. */
export interface ProxiedRequest {
  method: string;
  /** With its query, as sent. */
  path: string;
  headers: Headers;
  /** In bytes, framing of chunks included. */
  bodyBytes: number;
  /** Up to a thousand characters: some clients say there what they want. */
  bodyStart: string;
  /** What the client was told, if anything. */
  status?: number;
  /** In bytes, of the answer's body as the client got it. */
  answerBytes: number;
  /** The kind of fault that met it. */
  fault?: string;
}

/** One request with its bytes, on its way from a client. */
export interface Exchange {
  client: Deno.Conn;
  request: ProxiedRequest;
  head: Head;
  /** To be read once. */
  body: AsyncIterable<Uint8Array>;
}

/** The real server, and the address that stands for it. */
export interface Route {
  server: URL;
  endpoint: string;
  sockets: Sockets;
}

/** The request as bytes, with the client told to go on where it waits for that. */
export async function wholeRequest({ client, head, body }: Exchange): Promise<Uint8Array<ArrayBuffer>> {
  if (head.headers.get("expect") === "100-continue") {
    await writeAll(client, new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n"));
  }
  return joined([head.bytes, ...await Array.fromAsync(body)]);
}

/** Gives the server a whole request, and takes its whole answer. */
export async function apply({ server, sockets }: Route, bytes: Uint8Array, method: string): Promise<void> {
  const upstream = await sockets.connect(server);
  try {
    // It may answer before it has read all.
    await writeAll(upstream, bytes).catch(onlyClosed);
    const answers = messagesOf(upstream);
    const head = await finalHead(answers);
    if (head !== undefined) { for await (const _ of answers.body(responseFraming(head, method))); }
  } catch (error) {
    onlyClosed(error);
  } finally {
    sockets.close(upstream);
  }
}

/** Gives the server the head and half of the body, and no more. */
export async function applyHalf({ server, sockets }: Route, exchange: Exchange): Promise<void> {
  const whole = await wholeRequest(exchange);
  const { head, request } = exchange;
  const upstream = await sockets.connect(server);
  await writeAll(upstream, whole.subarray(0, head.bytes.length + request.bodyBytes / 2)).catch(onlyClosed);
  sockets.close(upstream);
}

/** Passes a request and its answer on; true where the client's connection can serve another one. */
export async function passOn(
  route: Route,
  { client, request, head, body }: Exchange,
  { cut = false } = {},
): Promise<boolean> {
  // A new connection for each request: none has gone stale.
  const upstream = await route.sockets.connect(route.server);
  try {
    const sending = send(route.sockets, upstream, { head, body });
    const answers = messagesOf(upstream);
    const answered = await finalHead(answers, (interim) => writeAll(client, interim.bytes));
    if (answered === undefined) return false;
    request.status = statusOf(answered);
    const framing = responseFraming(answered, request.method);
    const bytes = ledBack(route, answered);
    if (cut) {
      const whole = joined(await Array.fromAsync(answers.body(framing)));
      const there = whole.length > 0 ? bytes.length + whole.length / 2 : bytes.length / 2;
      await writeAll(client, joined([bytes, whole]).subarray(0, there));
      return false;
    }
    await writeAll(client, bytes);
    for await (const part of answers.body(framing)) {
      await writeAll(client, part);
      request.answerBytes += part.length;
    }
    const last = framing === "to the end" || answered.headers.get("connection") === "close";
    return await sending && !last;
  } finally {
    route.sockets.close(upstream);
  }
}

/** True where all was sent. A server may answer before it has read all; a client that breaks off ends the request. */
async function send(
  sockets: Sockets,
  upstream: Deno.Conn,
  { head, body }: Pick<Exchange, "head" | "body">,
): Promise<boolean> {
  try {
    await writeAll(upstream, head.bytes);
    for await (const part of body) await writeAll(upstream, part);
    return true;
  } catch (error) {
    onlyClosed(error);
    if (error instanceof Deno.errors.UnexpectedEof) sockets.close(upstream);
    return false;
  }
}

async function finalHead(
  answers: Messages,
  onInterim?: (head: Head) => Promise<void>,
): Promise<Head | undefined> {
  for (;;) {
    const head = await answers.head();
    if (head === undefined || statusOf(head) >= 200) return head;
    await onInterim?.(head);
  }
}

/** An upload in parts goes to an address that the server names: it stays behind the proxy. */
function ledBack({ server, endpoint }: Route, { bytes, headers }: Head): Uint8Array {
  if (headers.get("location")?.startsWith(server.origin) !== true) return bytes;
  return new TextEncoder().encode(new TextDecoder().decode(bytes).replace(server.origin, endpoint));
}
