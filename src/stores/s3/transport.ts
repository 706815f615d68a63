import type { S3Client } from "@aws-sdk/client-s3";

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
  body?: unknown;
}

/**
 * Lets requests without a body go by the platform's own `fetch`: bytes come for half the processor's time of the SDK's
 * handler, which is Node's http; and where an answer breaks off, that one ends the whole process on Deno 2.4. Requests with
 * a body stay with it: it sends a stream with its length, which `fetch` does not.
 */
export function readByFetch(client: S3Client): void {
  const { requestHandler } = client.config;
  const send = requestHandler.handle.bind(requestHandler);
  requestHandler.handle = async (request: SignedRequest, options) => {
    const signal: unknown = Object(options).abortSignal;
    if (!canFetch(request) || !(signal instanceof AbortSignal)) return await send(request, options);
    const { method } = request;
    const answer = await fetch(urlOf(request), {
      method,
      // As it is stored: what is stored as gzip would be unpacked.
      headers: { ...request.headers, "accept-encoding": "identity" },
      signal,
      // A redirect would take the signature elsewhere.
      redirect: "manual",
    });
    const headers = Object.fromEntries(answer.headers);
    const body = answer.body ?? new Blob().stream();
    return { response: { statusCode: answer.status, reason: answer.statusText, headers, body } };
  };
}

/** A URL does not keep dots for a segment. */
function canFetch({ method, path, body }: SignedRequest): boolean {
  return method !== "PUT" && method !== "POST" && body === undefined && !/\/(\.|%2e){1,2}(\/|$)/i.test(path);
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
