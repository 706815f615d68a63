import { engineError } from "../engines/duckdb/errors.ts";
import { MlforgeError } from "../error.ts";
import { basename, dirname, join } from "node:path";

/** Writes files beside their places, then renames each there, in order: what stood there stays whole until then. */
export async function writeBeside(
  places: readonly string[],
  write: (files: readonly string[]) => Promise<void>,
): Promise<void> {
  const files = places.map((place) => join(dirname(place), `.${basename(place)}.${crypto.randomUUID()}`));
  for (const folder of new Set(places.map(dirname))) {
    await Deno.stat(folder).catch((cause: unknown) => {
      throw new MlforgeError("usage", `Can't write into the folder "${folder}"`, {
        cause,
        hint: "Make it first.",
      });
    });
  }
  try {
    await write(files);
    for (const [i, file] of files.entries()) await Deno.rename(file, places[i] ?? "");
  } catch (cause) {
    throw engineError(cause, `write "${places[0]}"`);
  } finally {
    for (const file of files) await Deno.remove(file).catch(() => {});
  }
}
