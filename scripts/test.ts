/**
 * `deno task test [PATHS...]`: runs the tests and closes with a line `N passed, N failed`. Starts real S3 and GCS servers
 * where they are installed; tests that need a missing one are ignored and say so, or fail where MLFORGE_TEST_SERVERS is
 * "required". With `--oldest`: what must hold on the oldest supported Deno too, which is all but the long simulation,
 * and the kills and faults that it stands for. `--ignore=PATHS` leaves tests out.
 */
import { startServers } from "./servers.ts";

const oldest = Deno.args.includes("--oldest");
const left = Deno.args.flatMap((arg) =>
  arg.startsWith("--ignore=") ? arg.slice("--ignore=".length).split(",") : []
);
const named = Deno.args.filter((arg) => !arg.startsWith("--"));
const paths = named.length > 0 ? named : ["tests"];
if (oldest) {
  left.push(...["simulation", "kill", "wire"].map((folder) => `tests/publish/${folder}`));
  // The proxy's own test breaks connections under Node's http, which 2.4 does not survive.
  left.push("tests/stores/fault_proxy_test.ts");
}
const ignored = left.length > 0 ? [`--ignore=${left.join(",")}`] : [];

const servers = await startServers();
const child = new Deno.Command(Deno.execPath(), {
  // Types are checked by `deno task check`.
  args: ["test", "-A", "--no-check", ...ignored, ...paths],
  env: servers.env,
  stdout: "piped",
  stderr: "inherit",
}).spawn();

const decoder = new TextDecoder();
let tail = "";
for await (const part of child.stdout) {
  await Deno.stdout.write(part);
  tail = (tail + decoder.decode(part, { stream: true })).slice(-2000);
}
const { code } = await child.status;
await servers.stop();
for (const missing of servers.missing) console.log(`Not installed, so its tests did not run: ${missing}`);
// deno-lint-ignore no-control-regex
const closing = /(\d+) passed.*?\| (\d+) failed/.exec(tail.replaceAll(/\x1b\[[0-9;]*m/g, ""));
const [passed, failed] = closing === null ? [0, 1] : [Number(closing[1]), Number(closing[2])];
console.log(`${passed} passed, ${code !== 0 && failed === 0 ? 1 : failed} failed`);
Deno.exit(code);
