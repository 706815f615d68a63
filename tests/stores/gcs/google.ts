import { join } from "node:path";
import { makeCertificates, startProxy } from "../proxy.ts";

/** What the fake tells whoever asks for a token. */
export type TokenAnswer = (form: URLSearchParams, host: string) => Response | Promise<Response>;

/** A stand-in for Google on this machine. */
export interface FakeGoogle extends AsyncDisposable {
  /** Environment in which a process takes it for Google. */
  env: Record<string, string>;
  /** Tokens that storage takes; what comes with another one is refused. */
  tokens: Set<string>;
  /** Answers where tokens are given. */
  answerToken: TokenAnswer;
  /** Answers at storage.googleapis.com, where not the real (emulated) server shall. */
  answerStorage: ((request: Request) => Response | undefined) | undefined;
  /** Hosts that were asked, in order. */
  asked: string[];
}

const STORAGE = "storage.googleapis.com";
const HOSTS = [STORAGE, "oauth2.googleapis.com", "sts.googleapis.com", "iamcredentials.googleapis.com"];

/**
 * A proxy that takes all of the hosts to a server of our own, with a certificate of an authority that only processes with
 * `env` trust. Storage is the emulator behind a check of tokens, which it has none of.
 */
export async function startGoogle(storage: string): Promise<FakeGoogle> {
  const folder = await Deno.makeTempDir();
  const { cert, key } = await makeCertificates(folder, HOSTS);
  const asked: string[] = [];
  // Nothing waits for an answer that never comes.
  const ended = Promise.withResolvers<Response>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert, key, onListen() {} },
    async (request) => await Promise.race([answerTo(request), ended.promise]),
  );
  async function answerTo(request: Request): Promise<Response> {
    const { host, pathname, search } = new URL(request.url);
    asked.push(host);
    if (host !== STORAGE) return await google.answerToken(new URLSearchParams(await request.text()), host);
    const own = google.answerStorage?.(request);
    if (own !== undefined) return own;
    const token = /^Bearer (.*)$/.exec(request.headers.get("authorization") ?? "")?.[1];
    if (token === undefined || !google.tokens.has(token)) {
      return Response.json({ error: { code: 401, message: "Invalid Credentials" } }, { status: 401 });
    }
    return await fetch(storage + pathname + search, {
      method: request.method,
      headers: request.headers,
      body: request.body,
    });
  }
  const proxy = startProxy(server.addr.port);
  const google: FakeGoogle = {
    env: {
      HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
      https_proxy: `http://127.0.0.1:${proxy.port}`,
      DENO_CERT: join(folder, "ca.pem"),
      CLOUDSDK_CONFIG: join(folder, "gcloud"),
      NO_PROXY: "127.0.0.1",
      // Nobody is there: not the machine's own.
      GCE_METADATA_HOST: "127.0.0.1:1",
    },
    tokens: new Set(),
    answerToken: () => new Response(null, { status: 500 }),
    answerStorage: undefined,
    asked,
    async [Symbol.asyncDispose]() {
      ended.resolve(new Response());
      await proxy.close();
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    },
  };
  return google;
}
