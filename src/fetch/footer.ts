import type { Range } from "./ranges.ts";

/** As much of a Parquet file's end as most footers take. */
const USUAL = 64 << 10;

/** Where a file's footer lies if it is one of the usual size. */
export function likelyFooter(size: number): Range {
  return [Math.max(0, size - USUAL), size];
}

/**
 * Where the footer of a Parquet file lies, whose last bytes are there: thrift, its length in four bytes, `PAR1`
 * (parquet-format's README). Undefined where it is none, or encrypted.
 */
export async function footerOf(file: string, size: number): Promise<Range | undefined> {
  if (size < 12) return undefined;
  using opened = await Deno.open(file);
  await opened.seek(size - 8, Deno.SeekMode.Start);
  const end = new Uint8Array(8);
  for (let at = 0; at < 8;) {
    const read = await opened.read(end.subarray(at));
    if (read === null) return undefined;
    at += read;
  }
  const from = size - 8 - new DataView(end.buffer).getUint32(0, true);
  return new TextDecoder().decode(end.subarray(4)) === "PAR1" && from >= 4 ? [from, size] : undefined;
}
