/** A file that the binary carries, compressed, and that has to lie on disk to be loaded. */
export interface Carried {
  name: string;
  /** Of the file on disk. */
  bytes: number;
  /** Of the file on disk, hex. */
  sha256: string;
}

/** What scripts/compile/addon.ts puts into the bundle: DuckDB for the binary's platform. */
export interface Manifest {
  /** Of npm:@duckdb/node-bindings. */
  version: string;
  platform: string;
  /** DuckDB itself, to which the addon is linked. */
  library: Carried;
  /** What JavaScript loads. */
  addon: Carried;
}
