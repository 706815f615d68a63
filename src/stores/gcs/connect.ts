import type { GcsStoreConfig } from "../config.ts";
import { SMALL } from "../retry.ts";
import { type Credentials, openCredentials } from "./credentials.ts";

/** A request as the JSON or the XML API takes it. */
export interface GcsRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** From the endpoint on, names in it encoded. */
  path: string;
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  /** Bytes only where it does no harm that the platform repeats a request by itself: ../sending.ts tells when. */
  body?: Uint8Array | ReadableStream<Uint8Array>;
  signal: AbortSignal;
}

/** One bucket as this process reaches it. */
export interface Connection {
  bucket: string;
  endpoint: URL;
  credentials: Credentials;
  /**
   * Sends one request, once, and gives the answer whatever its status, its body still to be read. Throws what became of
   * it on the way.
   */
  send(request: GcsRequest): Promise<Response>;
}

/**
 * Opens the SDK and finds its credentials: what fails here fails before any request. Of the SDK this is the part below its
 * `Bucket` and `File`: credentials and the authenticated transport, over the platform's own fetch. docs/decisions.md says
 * why.
 */
export async function connect(config: GcsStoreConfig): Promise<Connection> {
  const endpoint = new URL(config.endpoint ?? "https://storage.googleapis.com");
  // Read as the SDK is imported; where it is set, tokens would be logged.
  Deno.env.delete("GOOGLE_SDK_NODE_LOGGING");
  const { Storage } = await import("@google-cloud/storage");
  const credentials = await openCredentials(endpoint, sendOnce);
  const { authClient } = new Storage({ authClient: credentials.auth });
  const base = endpoint.href.replace(/\/+$/, "");
  return {
    bucket: config.bucket,
    endpoint,
    credentials,
    async send({ method, path, query = {}, headers = {}, body, signal }) {
      await credentials.ready();
      const url = new URL(base + path);
      for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
      return await authClient.request({
        method,
        url,
        headers,
        signal,
        responseType: "stream",
        // Repeating is for ../retry.ts: the SDK would repeat conditional writes.
        retry: false,
        validateStatus: () => true,
        ...(body === undefined ? {} : { data: body }),
      });
    },
  };
}

/**
 * The SDK's way to the network, for tokens as well. Redirects are not followed: they would take a token elsewhere. What
 * brings no signal is a small request.
 */
function sendOnce(url: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const { method = "GET", headers = {}, body = null, signal } = init;
  return fetch(url, {
    method,
    headers,
    body,
    redirect: "manual",
    signal: signal ?? AbortSignal.timeout(SMALL.total),
  });
}
