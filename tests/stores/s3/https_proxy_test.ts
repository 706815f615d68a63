import assert from "node:assert/strict";
import { join } from "node:path";
import { makeCertificates, startProxy } from "../proxy.ts";
import { serverTest } from "../servers.ts";
import { AWS_ENV } from "../wire.ts";

const MAIN = new URL("../../../main.ts", import.meta.url).pathname;

/** A host that nobody but the proxy knows. */
const HOST = "s3.behind-the-proxy.invalid";

serverTest(
  "s3",
  "S3: HTTPS_PROXY is the way of reads and writes, but not to hosts of NO_PROXY",
  async (server) => {
    const folder = await Deno.makeTempDir();
    const tls = startTls(await makeCertificates(folder, [HOST]), new URL(server.endpoint));
    const proxy = startProxy(tls.port);
    const store = { KIND: "s3", bucket: await server.makeBucket(), endpoint: `https://${HOST}` };
    const profiles = { default_profile: "one", profiles: { one: { offline_store: store } } };
    await Deno.writeTextFile(join(folder, "mlforge.yaml"), JSON.stringify(profiles));
    const validate = async (env: Record<string, string>) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", MAIN, "profile", "--validate"],
        cwd: folder,
        env: {
          ...AWS_ENV,
          HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
          DENO_CERT: join(folder, "ca.pem"),
          // It would ask the proxy as well.
          DENO_NO_UPDATE_CHECK: "1",
          ...env,
        },
      }).output();
      return { code, printed: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
    };
    try {
      const { code, printed } = await validate({});
      assert.equal(code, 0, printed);
      assert.match(printed, /Good for reading and publishing/);
      assert.deepEqual([...new Set(proxy.asked)], [`${HOST}:443`]);
      const without = await validate({ NO_PROXY: HOST });
      assert.equal(without.code, 1);
      assert.match(without.printed, /no host "s3\.behind-the-proxy\.invalid" is known/);
    } finally {
      await proxy.close();
      await tls.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
);

/** TLS in front of a server, byte by byte: signed headers stay as they are. */
function startTls(
  certificate: { cert: string; key: string },
  { hostname, port }: URL,
): { port: number; close(): Promise<void> } {
  const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...certificate });
  const serving = new Set<Promise<unknown>>();
  const serve = async (client: Deno.TlsConn) => {
    const server = await Deno.connect({ hostname, port: Number(port) });
    await Promise.allSettled([
      client.readable.pipeTo(server.writable),
      server.readable.pipeTo(client.writable),
    ]);
  };
  const accepting = (async () => {
    for await (const client of listener) {
      const served = serve(client).finally(() => serving.delete(served));
      serving.add(served);
    }
  })();
  return {
    port: listener.addr.port,
    async close() {
      listener.close();
      await accepting;
      await Promise.all(serving);
    },
  };
}
