import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { MlforgeError } from "../error.ts";
import { hashFile } from "../stores/files.ts";
import { type LabelFormat, labelFormatOf } from "./formats.ts";

/** Labels as they are named: a file or a glob, files, or a stream whose format is said. */
export type LabelsFrom = string | readonly string[] | {
  stream: ReadableStream<Uint8Array>;
  format: LabelFormat;
};

/** The files that hold the labels, in the order in which their rows count. */
export interface LabelFiles {
  format: LabelFormat;
  /** Absolute paths. */
  files: string[];
  /** For people: the path or glob as given, or "standard input". */
  what: string;
}

/** Finds the files of a path or glob; a stream is kept in a file of the folder `scratch`. */
export async function labelFiles(
  from: LabelsFrom,
  scratch: string,
): Promise<LabelFiles> {
  if (typeof from === "object" && "stream" in from) {
    const file = join(scratch, `labels.${from.format}`);
    await Deno.writeFile(file, from.stream);
    await requireContent([file], "standard input");
    return { format: from.format, files: [file], what: "standard input" };
  }
  const files = typeof from === "string" ? await named(from) : from.map((path) => resolve(path));
  const what = typeof from === "string" ? from : from.join(", ");
  const formats = new Set(files.map(labelFormatOf));
  await requireContent(files, what);
  const [format] = formats;
  if (format === undefined || formats.size > 1) {
    throw new MlforgeError(
      "usage",
      `The labels "${what}" are of several formats: ${[...formats].join(", ")}`,
      {
        hint: "Give files of one format.",
      },
    );
  }
  return { format, files, what };
}

/** Hex SHA-256 of each file, by its path relative to `folder`: what says that labels are the same ones. */
export async function hashesOf(
  { files }: LabelFiles,
  folder: string,
): Promise<{ path: string; sha256: string }[]> {
  return await Promise.all(files.map(async (file) => ({
    path: relative(folder, file).split(sep).join("/"),
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
