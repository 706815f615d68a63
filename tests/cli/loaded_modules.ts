import { fileURLToPath } from "node:url";

/**
 * URLs of all modules that a command loads, by V8's own account: with DENO_COVERAGE_DIR Deno writes a file for each
 * script of the process as it ends. From source, whatever is under test: a binary is one bundle, of which V8 tells nothing.
 */
export async function loadedModules(
  args: readonly string[],
  options: { cwd?: string } = {},
): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "mlforge-test-" });
  try {
    const main = fileURLToPath(new URL("./main_to_its_end.ts", import.meta.url));
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      ...options,
      args: ["run", "-A", "--no-check", main, ...args],
      env: { DENO_COVERAGE_DIR: folder },
    }).output();
    if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
    const urls: string[] = [];
    for await (const entry of Deno.readDir(folder)) {
      if (!entry.name.endsWith(".json")) continue;
      const script: unknown = JSON.parse(await Deno.readTextFile(`${folder}/${entry.name}`));
      if (typeof script === "object" && script !== null && "url" in script) urls.push(String(script.url));
    }
    return urls.sort();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
