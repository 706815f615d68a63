import {
  apply,
  applyHalf,
  type Exchange,
  passOn,
  type ProxiedRequest,
  wholeRequest,
} from "./fault_proxy/exchange.ts";
import { messagesOf, requestFraming, withPath } from "./fault_proxy/messages.ts";
import { answerBytes, type OwnAnswer } from "./fault_proxy/own_answer.ts";
import { onlyClosed, openSockets, writeAll } from "./fault_proxy/sockets.ts";

export type { ProxiedRequest };

/** What goes wrong with one request. */
export type Fault =
  /** The connection closes; the server never saw the request. */
  | { kind: "lost before" }
  /** The server answers the request; its client sees the connection close. */
  | { kind: "response lost" }
  /** The client gets this answer; the server got the request (`applied`), or did not. */
  | { kind: "answer"; applied: boolean } & OwnAnswer
  /** The connection closes; the server gets the request once so many others were answered, or at `release()`. */
  | { kind: "late"; after: number }
  /** The answer breaks off half-way: in its body or, where that is empty, in its head. */
  | { kind: "cut" }
  /** The request breaks off half-way through its body. */
  | { kind: "upload cut" }
  /** Nothing is passed on for so long. */
  | { kind: "delayed"; milliseconds: number }
  /** Taken, and never answered; the server does not see it. */
  | { kind: "silent" }
  /** The server gets another path and query: nothing that a signature covers. */
  | { kind: "rewritten"; path(path: string): string }
  /** Something else happens first (a kill, another writer); then the request goes its way. */
  | { kind: "first"; act(request: ProxiedRequest): void | Promise<void> };

/** Which requests a fault meets. */
export interface Rule {
  /** Asked when the head is there, and no body yet. Absent: any. */
  when?: (request: ProxiedRequest) => boolean;
  /** The first of them that it meets, counted from 1, from the rule's own time on. */
  nth?: number;
  /** How many from there on. */
  times?: number;
}

export interface FaultProxy {
  /** Where clients go instead of the server. */
  endpoint: string;
  /** All requests, in the order of their coming. */
  readonly requests: ProxiedRequest[];
  /** Adds a rule, for one request unless it says otherwise. Of several that could meet a request the oldest does. */
  fault(fault: Fault, rule?: Rule): void;
  /** Takes all rules away, and the requests that came so far; what is held stays held. */
  clear(): void;
  /** Gives the server the late requests that are still held, and waits until it has answered them. */
  release(): Promise<void>;
  /** Waits until no client is connected, and all that came was answered. */
  idle(): Promise<void>;
  /** In milliseconds, for each new connection and each request: a server that is so far away, there and back. */
  latency: number;
  /** Ends all connections. Throws what was wrong with the proxy itself, if anything. */
  close(): Promise<void>;
}

/**
 * A proxy between an SDK and a real server, at the level of bytes: the `Host` header and all that is signed reach the
 * server as they were sent. Of an answer one header changes: `Location` leads back to the proxy.
 */
export function openFaultProxy(target: string, kind: "s3" | "gcs"): FaultProxy {
  const sockets = openSockets();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const endpoint = `http://127.0.0.1:${listener.addr.port}`;
  const route = { server: new URL(target), endpoint, sockets };
  const errors: unknown[] = [];
  const rules: { fault: Fault; when: (request: ProxiedRequest) => boolean; before: number; left: number }[] =
    [];
  const serving = new Set<Promise<void>>();
  const held: { bytes: Uint8Array; method: string; after: number }[] = [];

  const proxy: FaultProxy = {
    endpoint,
    requests: [],
    latency: 0,
    fault(fault, { when = () => true, nth = 1, times = 1 } = {}) {
      rules.push({ fault, when, before: nth, left: times });
    },
    clear() {
      rules.length = 0;
      proxy.requests.length = 0;
    },
    async release() {
      for (const { bytes, method } of held.splice(0)) await apply(route, bytes, method);
    },
    async idle() {
      while (serving.size > 0) await Promise.allSettled(serving);
    },
    async close() {
      listener.close();
      sockets.closeAll();
      await accepting;
      if (errors.length > 0) throw new AggregateError(errors, "The fault proxy failed");
    },
  };

  /** Each rule counts what it could meet, also where an older one meets it. */
  function faultFor(request: ProxiedRequest): Fault | undefined {
    const meeting = rules.filter((rule) => rule.left > 0 && rule.when(request) && --rule.before <= 0);
    if (meeting[0] !== undefined) meeting[0].left--;
    return meeting[0]?.fault;
  }

  async function accept(): Promise<void> {
    for await (const client of listener) {
      sockets.add(client);
      const served = serve(client).finally(() => serving.delete(served));
      serving.add(served);
    }
    await Promise.all(serving);
  }

  async function serve(client: Deno.Conn): Promise<void> {
    try {
      await serveAll(client);
    } catch (error) {
      try {
        onlyClosed(error);
      } catch {
        errors.push(error);
      }
    } finally {
      sockets.close(client);
    }
  }

  async function serveAll(client: Deno.Conn): Promise<void> {
    const messages = messagesOf(client);
    await sockets.pause(proxy.latency);
    for (let stays = true; stays;) {
      const head = await messages.head();
      if (head === undefined) return;
      await sockets.pause(proxy.latency);
      const [method = "", path = ""] = head.start.split(" ");
      const request: ProxiedRequest = { method, path, headers: head.headers, ...NOTHING_YET };
      proxy.requests.push(request);
      const fault = faultFor(request);
      if (fault !== undefined) request.fault = fault.kind;
      const body = counted(messages.body(requestFraming(head)), request);
      stays = await answer({ client, request, head, body }, fault);
      if (!stays) sockets.close(client);
      await releaseDue();
    }
  }

  /** False where the client's connection ends with it. */
  async function answer(exchange: Exchange, fault: Fault | undefined): Promise<boolean> {
    const { client, request } = exchange;
    if (fault === undefined) return await passOn(route, exchange);
    switch (fault.kind) {
      case "cut":
        return await passOn(route, exchange, { cut: true });
      case "rewritten":
        return await passOn(route, { ...exchange, head: withPath(exchange.head, fault.path(request.path)) });
      case "first":
        await fault.act(request);
        return await passOn(route, exchange);
      case "delayed":
        await sockets.pause(fault.milliseconds);
        return await passOn(route, exchange);
      case "upload cut":
        await applyHalf(route, exchange);
        return false;
    }
    const whole = await wholeRequest(exchange);
    switch (fault.kind) {
      case "lost before":
        return false;
      case "silent":
        // Until the client has had enough, or the test has.
        await messagesOf(client).head();
        return false;
      case "response lost":
        await apply(route, whole, request.method);
        return false;
      case "late":
        held.push({ bytes: whole, method: request.method, after: fault.after });
        return false;
      case "answer":
        if (fault.applied) await apply(route, whole, request.method);
        request.status = fault.status;
        await writeAll(client, answerBytes(kind, request.method, fault));
        return true;
    }
  }

  async function releaseDue(): Promise<void> {
    const due = held.filter((late) => late.after-- <= 0);
    for (const late of due) {
      held.splice(held.indexOf(late), 1);
      await apply(route, late.bytes, late.method);
    }
  }

  const accepting = accept();
  return proxy;
}

const NOTHING_YET = { bodyBytes: 0, bodyStart: "", answerBytes: 0 };
const START = 1000;

async function* counted(
  body: AsyncIterable<Uint8Array>,
  request: ProxiedRequest,
): AsyncGenerator<Uint8Array> {
  for await (const part of body) {
    if (request.bodyStart.length < START) {
      request.bodyStart += new TextDecoder().decode(part.subarray(0, START));
    }
    request.bodyBytes += part.length;
    yield part;
  }
}
