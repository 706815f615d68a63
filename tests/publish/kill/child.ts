/**
 * A builder in a process of its own, to be killed: `child.ts STORE NAME ROUNDS [--kill N | --kill-at TEXT | --slow TEXT]`.
 * Publishes ROUNDS batches of three features, whose data says which batch it is of; or, with `back` or `retire` as ROUNDS,
 * moves all three to 1.0.0, or to no version.
 *
 * The product's code runs as it is; only Deno's calls that change files are wrapped, so that the process ends by
 * SIGKILL before the N-th of them (or before the first whose last path contains TEXT, or waits there for 3 seconds).
 */
import { openLocalPublisher } from "../../../src/publish/local.ts";
import { buildTexts } from "../sample_batch.ts";
import { textsOf } from "../whole.ts";
import { FEATURES } from "./whole.ts";

const [store = "", name = "", rounds = "1", how = "", what = ""] = Deno.args;
let calls = 0;

async function beforeCall(target: string): Promise<void> {
  calls++;
  const meant = how === "--kill" ? calls === Number(what) : what !== "" && target.includes(what);
  if (!meant) return;
  if (how === "--slow") await new Promise((resume) => setTimeout(resume, 3000));
  else Deno.kill(Deno.pid, "SIGKILL");
}

/** `target` is the place of the path that is changed among the call's arguments. */
function wrap<Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>, target: number) {
  return async (...args: Args): Promise<Result> => {
    await beforeCall(String(args[target]).replaceAll("\\", "/"));
    return await call(...args);
  };
}

Object.assign(Deno, {
  mkdir: wrap(Deno.mkdir, 0),
  rename: wrap(Deno.rename, 1),
  link: wrap(Deno.link, 1),
  remove: wrap(Deno.remove, 0),
  open: wrap(Deno.open, 0),
  writeTextFile: wrap(Deno.writeTextFile, 0),
});
const { sync, write } = Deno.FsFile.prototype;
Deno.FsFile.prototype.sync = async function () {
  await beforeCall("");
  return await sync.call(this);
};
Deno.FsFile.prototype.write = async function (bytes: Uint8Array<ArrayBuffer>) {
  await beforeCall("");
  return await write.call(this, bytes);
};

const publisher = openLocalPublisher(store);
console.log("ready");
const to = rounds === "back" ? "1.0.0" : rounds === "retire" ? null : undefined;
if (to !== undefined) {
  const moves = FEATURES.map((feature) => ({ feature, version: to }));
  await publisher.move(moves, { tool: "mlforge 0.0.0", command: `${rounds} by ${name}` });
}
for (let round = 1; round <= Number(rounds); round++) {
  const texts = textsOf({ features: FEATURES }, `${name} ${round}`);
  await buildTexts(publisher, texts, { rounds: Infinity, command: `build by ${name}` });
}
console.log(`calls ${calls}`);
