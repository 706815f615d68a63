import { join } from "node:path";
import { dirname } from "node:path";
import { loadProject } from "../../src/definitions/load.ts";
import type { Project } from "../../src/definitions/model.ts";
import { MlforgeError } from "../../src/error.ts";

/** Runs `use` on a temporary folder with these files. */
export async function withFiles<T>(
  files: Record<string, string>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "definitions-test-" }));
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(dirname(join(folder, name)), { recursive: true });
      await Deno.writeTextFile(join(folder, name), text);
    }
    return await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Loads the first of these files, with an environment. */
export function load(files: Record<string, string>, env: Record<string, string> = {}): Promise<Project> {
  const [first = ""] = Object.keys(files);
  return withFiles(files, (folder) => loadProject(join(folder, first), { env: (name) => env[name] }));
}

/** What is wrong with the first of these files: `line:column message | hint`, the file's name first where it is another. */
export async function complaints(
  files: Record<string, string>,
  env: Record<string, string> = {},
): Promise<string[]> {
  const [first = ""] = Object.keys(files);
  try {
    await load(files, env);
    return [];
  } catch (error) {
    if (!(error instanceof MlforgeError)) throw error;
    return error.all().map(({ place, message, hint }) => {
      const name = place?.file.split(/[/\\]/).at(-1);
      const where = place === undefined ? "nowhere" : `${place.line}:${place.column}`;
      return `${name === first || name === undefined ? "" : `${name}:`}${where} ${message}${
        hint ? ` | ${hint}` : ""
      }`;
    });
  }
}
