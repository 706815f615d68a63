import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { MlforgeError } from "../error.ts";
import { parseAddress } from "../fetch/object.ts";
import type { StoreConfig } from "../stores/config.ts";
import { hashFile } from "../stores/files.ts";
import { type LabelFormat, labelFormatOf } from "./formats.ts";

/** Labels as they are named: a file, an address or a glob; files and addresses; or a stream whose format is said. */
export type LabelsFrom = string | readonly string[] | {
  stream: ReadableStream<Uint8Array>;
  format: LabelFormat;
};

/** The files that hold the labels, in the order in which their rows count; disposed of once they have been read. */
export interface LabelFiles extends AsyncDisposable {
  format: LabelFormat;
  /** Absolute paths. */
  files: string[];
  /** Where each comes from: the same path, or the address of an object, of which the file is a copy. */
  places: string[];
  /** For people: the path or glob as given, or "standard input". */
  what: string;
}

export interface LabelPlace {
  /** Absolute path of a folder to keep a stream in. */
  scratch: string;
  /** Buckets are reached as this store is, where it is of their kind. */
  store?: StoreConfig | undefined;
}

/** Finds the files of a path, an address or a glob; a stream is kept in a file, and objects are fetched. */
export async function labelFiles(from: LabelsFrom, { scratch, store }: LabelPlace): Promise<LabelFiles> {
  if (typeof from === "object" && "stream" in from) {
    const file = join(scratch, `labels.${from.format}`);
    await Deno.writeFile(file, from.stream);
    await requireContent([file], "standard input");
    return { format: from.format, files: [file], places: [file], what: "standard input", ...kept };
  }
  const what = typeof from === "string" ? from : from.join(", ");
  const paths = typeof from === "string" ? [from] : from;
  if (paths.some((path) => parseAddress(path) !== undefined)) {
    const { fetchLabels } = await import("./remote_labels.ts");
    const { places, files, lease } = await fetchLabels(paths, store);
    try {
      const format = oneFormat(places, what);
      await requireContent(files, what);
      return { format, files, places, what, [Symbol.asyncDispose]: () => lease[Symbol.asyncDispose]() };
    } catch (error) {
      await lease[Symbol.asyncDispose]();
      throw error;
    }
  }
  const files = typeof from === "string" ? await named(from) : paths.map((path) => resolve(path));
  const format = oneFormat(files, what);
  await requireContent(files, what);
  return { format, files, places: files, what, ...kept };
}

/** Files that stay where they are. */
const kept = { [Symbol.asyncDispose]: () => Promise.resolve() };

function oneFormat(places: readonly string[], what: string): LabelFormat {
  const formats = new Set(places.map(labelFormatOf));
  const [format] = formats;
  if (format !== undefined && formats.size === 1) return format;
  throw new MlforgeError("usage", `The labels "${what}" are of several formats: ${[...formats].join(", ")}`, {
    hint: "Give files of one format.",
  });
}

/** Hex SHA-256 of each file, by its address or its path relative to `folder`: what says that labels are the same ones. */
export async function hashesOf(
  { files, places }: Pick<LabelFiles, "files" | "places">,
  folder: string,
): Promise<{ path: string; sha256: string }[]> {
  return await Promise.all(files.map(async (file, i) => ({
    path: places[i] === file ? relative(folder, file).split(sep).join("/") : places[i] ?? "",
    sha256: await hashFile(file),
  })));
}

/** A file of that very name, else those that match it as a glob. */
async function named(pattern: string): Promise<string[]> {
  const path = resolve(pattern);
  const there = await Deno.stat(path).then((found) => found.isFile, () => false);
  if (there || !/[*?[{]/.test(pattern)) return [path];
  const { glob } = await import("tinyglobby");
  const absolute = isAbsolute(pattern) ? pattern : join(Deno.cwd(), pattern);
  const files = await glob(absolute.split(sep).join("/"), { absolute: true });
  if (files.length > 0) return files.map((file) => file.split("/").join(sep)).sort();
  throw new MlforgeError("usage", `No file matches the labels "${pattern}"`);
}

async function requireContent(files: readonly string[], what: string): Promise<void> {
  let bytes = 0;
  for (const file of files) {
    const found = await Deno.stat(file).catch((cause: unknown) => {
      throw new MlforgeError("usage", `Can't read the labels "${file}"`, {
        cause,
        hint: cause instanceof Deno.errors.NotFound ? "There is no such file." : "Is it readable?",
      });
    });
    if (!found.isFile) throw new MlforgeError("usage", `The labels "${file}" are not a file`);
    bytes += found.size;
  }
  if (bytes === 0) throw noLabels(what);
}

export function noLabels(what: string): MlforgeError {
  return new MlforgeError("usage", `There are no labels in "${what}"`, {
    hint: "It needs a row for each moment of each key to get features for.",
  });
}
