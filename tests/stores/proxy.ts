import { join } from "node:path";

/** An authority, whose certificate is `ca.pem` in the folder, and a certificate of it for some hosts. */
export async function makeCertificates(
  folder: string,
  hosts: readonly string[],
): Promise<{ cert: string; key: string }> {
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
  const names = hosts.map((host) => `DNS:${host}`).join(",");
  await Deno.writeTextFile(join(folder, "names"), `subjectAltName=${names}\n`);
  await openssl(
    ...["x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"],
    ...["-out", "cert.pem", "-days", "2", "-extfile", "names"],
  );
  const read = (name: string) => Deno.readTextFile(join(folder, name));
  return { cert: await read("cert.pem"), key: await read("key.pem") };
}

/** A proxy, as companies have one, that connects to one port, whatever host it is asked for. */
export interface Proxy {
  port: number;
  /** What it was asked to connect to, as `host:port`, in order. */
  asked: string[];
  close(): Promise<void>;
}

export function startProxy(target: number): Proxy {
  const asked: string[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const serving = new Set<Promise<void>>();
  async function serve(client: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(4096);
    const length = await client.read(buffer) ?? 0;
    const host = /^CONNECT (\S+)/.exec(new TextDecoder().decode(buffer.subarray(0, length)))?.[1];
    if (host === undefined) return;
    asked.push(host);
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
    asked,
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
