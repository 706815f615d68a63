import { join } from "node:path";

/**
 * Lays the packages of deno.json out as a node_modules folder, as bundlers look them up, in a folder of its own so that
 * the source tree goes on without one. Gives the node_modules folder.
 */
export async function installPackages(root: string, folder: string): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  const { imports, lock } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  await Deno.writeTextFile(
    join(folder, "deno.json"),
    JSON.stringify({ imports: npmOnly(imports), lock, nodeModulesDir: "auto" }),
  );
  await Deno.copyFile(join(root, "deno.lock"), join(folder, "deno.lock"));
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args: ["install"], cwd: folder })
    .output();
  if (!success) throw new Error(`deno install: ${new TextDecoder().decode(stderr)}`);
  return join(folder, "node_modules");
}

function npmOnly(imports: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(imports).filter(([, target]) => target.startsWith("npm:")));
}
