import { MlforgeError } from "../error.ts";
import type { Located } from "./located.ts";
import { parseYaml } from "./parse.ts";

/** What a person writes by hand is smaller by far; what is larger is not even read. */
export const MAX_BYTES = 1024 * 1024;

/** Reads and parses a YAML file; what parseYaml() refuses is refused, and files over 1 MiB or not in UTF-8. */
export async function readYaml(file: string): Promise<Located> {
  const bytes = await readBounded(file);
  const place = { file, line: 1, column: 1 };
  const marks = bytes.subarray(0, 2).join();
  // Nothing that is YAML in UTF-8 begins so.
  if (marks === "255,254" || marks === "254,255" || bytes[0] === 0 || bytes[1] === 0) {
    throw new MlforgeError("usage", `Can't read "${file}": it is in UTF-16 or UTF-32`, {
      hint: "Save it as UTF-8.",
      place,
    });
  }
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new MlforgeError("usage", `Can't read "${file}": it is not in UTF-8`, {
      hint: "Save it as UTF-8.",
      place: { ...place, ...firstBadByte(bytes) },
      cause,
    });
  }
  return parseYaml(text, file);
}

/** Reads no more than the limit and one byte, whatever the file: it may be growing, or a pipe. */
async function readBounded(file: string): Promise<Uint8Array> {
  try {
    using opened = await Deno.open(file);
    const { size } = await opened.stat();
    let bytes = new Uint8Array(Math.min(size, MAX_BYTES) + 1);
    let length = 0;
    while (length <= MAX_BYTES) {
      if (length === bytes.length) {
        const larger = new Uint8Array(Math.min(length * 2, MAX_BYTES + 1));
        larger.set(bytes);
        bytes = larger;
      }
      const read = await opened.read(bytes.subarray(length));
      if (read === null) return bytes.subarray(0, length);
      length += read;
    }
  } catch (cause) {
    const hint = cause instanceof Deno.errors.NotFound
      ? "There is no such file."
      : "Check that it is a file, and may be read.";
    throw new MlforgeError("usage", `Can't read "${file}"`, { hint, cause });
  }
  throw new MlforgeError("usage", `Can't read "${file}": it is over 1 MiB`, {
    hint: "mlforge's files are written by hand: take out what does not belong there.",
    place: { file, line: 1, column: 1 },
  });
}

/** The line and column of the first bytes that are not UTF-8. */
function firstBadByte(bytes: Uint8Array): { line: number; column: number } {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decode(bytes.subarray(0, middle)) !== undefined) good = middle;
    else bad = middle;
  }
  const lines = (decode(bytes.subarray(0, good)) ?? "").split(/\r\n|\r|\n/);
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

/** As far as whole characters go; undefined where there is something else than UTF-8. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}
