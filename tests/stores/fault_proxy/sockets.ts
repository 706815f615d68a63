/** All open connections of a proxy, so that none outlives it. */
export interface Sockets {
  connect(to: URL): Promise<Deno.TcpConn>;
  /** Takes over one that was accepted. */
  add(connection: Deno.TcpConn): void;
  close(connection: Deno.Conn): void;
  /** Closes all, and each that comes later. */
  closeAll(): void;
  /** Waits; ends early, by an error, with closeAll(). */
  pause(milliseconds: number): Promise<void>;
}

export function openSockets(): Sockets {
  const open = new Set<Deno.Conn>();
  const ended = new AbortController();
  const sockets: Sockets = {
    async connect({ hostname, port }) {
      const connection = await Deno.connect({ hostname, port: Number(port) });
      sockets.add(connection);
      return connection;
    },
    add(connection) {
      // Else a small body waits, up to 40 ms, until the head before it is acknowledged.
      connection.setNoDelay(true);
      open.add(connection);
      if (ended.signal.aborted) sockets.close(connection);
    },
    close(connection) {
      if (open.delete(connection)) connection.close();
    },
    closeAll() {
      ended.abort();
      for (const connection of open) sockets.close(connection);
    },
    async pause(milliseconds) {
      if (milliseconds === 0) return;
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          ended.signal.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, milliseconds);
        ended.signal.addEventListener("abort", done);
      });
      if (ended.signal.aborted) throw new Deno.errors.Interrupted("The proxy was closed");
    },
  };
  return sockets;
}

export async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** Ends of connections are what a fault proxy is about; any other error is its own, and thrown on. */
export function onlyClosed(error: unknown): void {
  const { errors } = Deno;
  const closed = [
    errors.BadResource,
    errors.BrokenPipe,
    errors.ConnectionAborted,
    errors.ConnectionReset,
    errors.Interrupted,
    errors.NotConnected,
    errors.UnexpectedEof,
  ];
  if (!closed.some((kind) => error instanceof kind)) throw error;
}
