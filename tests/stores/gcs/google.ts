import { join } from "node:path";

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
  const { cert, key } = await makeCertificates(folder);
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

/** An authority, and a certificate for Google's hosts. */
async function makeCertificates(folder: string): Promise<{ cert: string; key: string }> {
  const openssl = async (...args: string[]) => {
    const { success, stderr } = await new Deno.Command("openssl", { args, cwd: folder, stdout: "null" })
      .output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  };
  const subject = (
    name: string,
  ) => ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", `/CN=${name}`];
  await openssl(
    "req",
    "-x509",
    ...subject("Test authority"),
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-days",
    "2",
  );
  await openssl("req", ...subject("Test server"), "-keyout", "key.pem", "-out", "request.pem");
  const names = HOSTS.map((host) => `DNS:${host}`).join(",");
  await Deno.writeTextFile(join(folder, "names"), `subjectAltName=${names}\n`);
  await openssl(
    ...["x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"],
    ...["-out", "cert.pem", "-days", "2", "-extfile", "names"],
  );
  const read = (name: string) => Deno.readTextFile(join(folder, name));
  return { cert: await read("cert.pem"), key: await read("key.pem") };
}

/** A proxy that connects to one port, whatever host it is asked for. */
function startProxy(target: number): { port: number; close(): Promise<void> } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const serving = new Set<Promise<void>>();
  async function serve(client: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(4096);
    const length = await client.read(buffer) ?? 0;
    if (!/^CONNECT /.test(new TextDecoder().decode(buffer.subarray(0, length)))) return;
    await client.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n"));
    const server = await Deno.connect({ hostname: "127.0.0.1", port: target });
    open.add(server);
    await Promise.allSettled([
      client.readable.pipeTo(server.writable),
      server.readable.pipeTo(client.writable),
    ]);
  }
  const accepting = (async () => {
    for await (const client of listener) {
      open.add(client);
      const served = serve(client).catch(() => {}).finally(() => serving.delete(served));
      serving.add(served);
    }
  })();
  return {
    port: listener.addr.port,
    async close() {
      listener.close();
      await accepting;
      for (const connection of open) {
        try {
          connection.close();
        } catch {
          // Closed by its other end.
        }
      }
      await Promise.all(serving);
    },
  };
}
