import type { S3Client } from "@aws-sdk/client-s3";
import { SMALL } from "../retry.ts";
import { sending } from "./sending.ts";

/** A signed request, as the SDK gives it to what sends it. */
interface SignedRequest {
  method: string;
  protocol: string;
  hostname: string;
  port?: number;
  /** Encoded. */
  path: string;
  query?: Record<string, string | null>;
  headers: Record<string, string>;
  body?: Blob | Uint8Array | string;
}

/**
 * Lets requests go by the platform's own `fetch`, also those of the SDK's own clients for tokens: bytes come for half the
 * processor's time of the SDK's handler, which is Node's http; a proxy of the environment serves all of them; and where a
 * connection breaks off, that one ends the whole process on Deno 2.4, or says so late, and repeats a body on 2.9.
 */
export function sendByFetch(client: S3Client): void {
  const { requestHandler } = client.config;
  const sendByNode = requestHandler.handle.bind(requestHandler);
  requestHandler.handle = async (request: SignedRequest, options) => {
    if (hasDots(request)) return await sendByNode(request, options);
    const signal: unknown = Object(options).abortSignal;
    const answer = await fetch(urlOf(request), {
      method: request.method,
      // As it is stored: what is stored as gzip would be unpacked.
      headers: { ...request.headers, "accept-encoding": "identity" },
      body: bodyOf(request),
      // What brings no signal is a small request.
      signal: signal instanceof AbortSignal ? signal : AbortSignal.timeout(SMALL.total),
      // A redirect would take the signature elsewhere.
      redirect: "manual",
    });
    const headers = Object.fromEntries(answer.headers);
    const body = answer.body ?? new Blob().stream();
    return { response: { statusCode: answer.status, reason: answer.statusText, headers, body } };
  };
}

/** A URL does not keep dots for a segment: objects of such names, which are others', are read by the SDK's handler. */
function hasDots({ path }: SignedRequest): boolean {
  return /\/(\.|%2e){1,2}(\/|$)/i.test(path);
}

/** Never as bytes: those the platform sends again by itself. */
function bodyOf({ body = "" }: SignedRequest): Blob | null {
  const sent = body instanceof Blob
    ? body
    : sending(typeof body === "string" ? new TextEncoder().encode(body) : body);
  // The end of a stream without bytes is waited for for ever.
  return sent.size === 0 ? null : sent;
}

function urlOf({ protocol, hostname, port, path, query = {} }: SignedRequest): string {
  const search = Object.entries(query).map(([name, value]) => `${escape(name)}=${escape(value ?? "")}`).join(
    "&",
  );
  return `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}?${search}`;
}

/** As signatures have it: more than `encodeURIComponent` does. */
function escape(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
