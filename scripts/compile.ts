/**
 * `deno task compile`: makes dist/mlforge, the standalone binary, for the machine it runs on: everything bundled into
 * dist/bundle/ first, then one plain `deno compile` of that.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { carryAddon } from "./compile/addon.ts";
import { bundle } from "./compile/bundle.ts";
import { installPackages } from "./compile/packages.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const folder = join(dist, "bundle");
const binary = join(dist, Deno.build.os === "windows" ? "mlforge.exe" : "mlforge");

const packages = await installPackages(root, join(dist, "packages"));
await Deno.remove(folder, { recursive: true }).catch(() => {});
await bundle({ root, packages, folder });
await carryAddon(packages, join(folder, "addon"));

const { success } = await new Deno.Command(Deno.execPath(), {
  // What is bundled needs no packages and no types; a code cache would be a file of a foreseeable name in a shared folder.
  args: [
    ...["compile", "--quiet", "--allow-all", "--no-config", "--no-check", "--no-code-cache"],
    ...["--include", folder, "--output", binary, join(folder, "main.js")],
  ],
  cwd: dist,
}).spawn().status;
if (!success) Deno.exit(1);
const { size } = await Deno.stat(binary);
console.log(`${binary}: ${(size / 1e6).toFixed(1)} MB, by Deno ${Deno.version.deno}`);
