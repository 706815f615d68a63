import assert from "node:assert/strict";
import { join } from "node:path";
import { asUser, type CliResult, runCli, withFolder } from "./run_cli.ts";
import { DEFINITIONS, MLFORGE_YAML, ORDERS } from "./project.ts";

// The round trip of docs/git-workflow.md, with real git.

const PERSON = {
  GIT_AUTHOR_NAME: "ann",
  GIT_AUTHOR_EMAIL: "ann@example.com",
  GIT_COMMITTER_NAME: "ann",
  GIT_COMMITTER_EMAIL: "ann@example.com",
  GIT_CONFIG_GLOBAL: Deno.build.os === "windows" ? "NUL" : "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
};

/** A clone in which a person works. */
interface Clone {
  folder: string;
  /** Runs git; fails where that does, unless told that it may. */
  git(args: string, options?: { may?: "fail" }): Promise<string>;
  mlforge(args: string): Promise<CliResult>;
  edit(file: string, edit: (text: string) => string): Promise<void>;
  /** Commits all that git sees. */
  commit(message: string): Promise<void>;
  read(file: string): Promise<string>;
}

function cloneIn(folder: string): Clone {
  const git: Clone["git"] = async (args, { may } = {}) => {
    const { success, stdout, stderr } = await new Deno.Command("git", {
      args: args.split(" "),
      cwd: folder,
      env: PERSON,
      ...asUser(folder),
    }).output();
    const said = new TextDecoder().decode(stdout);
    if (!success && may !== "fail") {
      throw new Error(`git ${args}: ${said}${new TextDecoder().decode(stderr)}`);
    }
    return said;
  };
  const read = (file: string) => Deno.readTextFile(join(folder, file));
  return {
    folder,
    git,
    read,
    mlforge: (args) => runCli(args.split(" "), { cwd: folder }),
    edit: async (file, edit) => await Deno.writeTextFile(join(folder, file), edit(await read(file))),
    async commit(message) {
      await git("add -A");
      await git(`commit -q -m ${message.replaceAll(" ", "-")}`);
    },
  };
}

/** A project with a first build on `main`, committed without its data, and two clones of it. */
async function withClones(use: (ann: Clone, bob: Clone) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const home = cloneIn(join(folder, "ann"));
    await Deno.mkdir(home.folder);
    await home.git("init -q -b main");
    await Deno.writeTextFile(join(home.folder, "mlforge.yaml"), MLFORGE_YAML);
    await Deno.writeTextFile(join(home.folder, "definitions.yaml"), DEFINITIONS);
    await Deno.writeTextFile(join(home.folder, "orders.csv"), ORDERS);
    await ok(home.mlforge("build --quiet"));
    await home.commit("first");
    await home.git(`clone -q . ${join(folder, "bob")}`);
    await use(home, cloneIn(join(folder, "bob")));
  });
}

async function ok(running: Promise<CliResult>): Promise<string> {
  const { code, out, err } = await running;
  assert.equal(code, 0, `${out}${err}`);
  return out;
}

async function clean(clone: Clone): Promise<void> {
  assert.equal(await clone.git("status --porcelain"), "");
}

const versions = async (clone: Clone): Promise<Record<string, string>> => {
  const { features } = JSON.parse(await ok(clone.mlforge("list features --json")));
  return Object.fromEntries(
    features.map(({ name, version }: { name: string; version: string }) => [name, version]),
  );
};

const TOTAL = "feature_store/user_total";
const moreOrders = (user: number) => (text: string) => `${text}${user},2026-01-05 10:00:00,1\n`;

Deno.test("git: a clone comes without data, sync brings back the same bytes, and git sees none of it", async () => {
  await withClones(async (ann, bob) => {
    assert.equal(
      await ann.git("ls-files"),
      "definitions.yaml\nfeature_store/user_orders/.gitignore\nfeature_store/user_orders/1.0.0/.meta.json\n" +
        "feature_store/user_orders/_latest.json\nfeature_store/user_total/.gitignore\n" +
        "feature_store/user_total/1.0.0/.meta.json\nfeature_store/user_total/_latest.json\n" +
        "mlforge.yaml\norders.csv\n",
    );
    assert.match(
      (await bob.mlforge("show user_total")).err,
      /mlforge sync --features user_total brings it back/,
    );
    assert.match(await ok(bob.mlforge("sync")), /^Restored 2, in/m);
    const data = `${TOTAL}/1.0.0/data.parquet`;
    assert.deepEqual(
      await Deno.readFile(join(bob.folder, data)),
      await Deno.readFile(join(ann.folder, data)),
    );
    await clean(bob);
    await clean(ann);
    assert.match(await ok(bob.mlforge("build")), /^Unchanged 2/);
  });
});

Deno.test("git: builds on two branches, and a pull that brings one: sync follows it", async () => {
  await withClones(async (ann, bob) => {
    await ann.edit("definitions.yaml", (text) => text.replace("as total", "as total, count(*) as orders"));
    await ok(ann.mlforge("build --quiet"));
    await ann.commit("count orders");
    await ok(bob.mlforge("sync --quiet"));
    await bob.git("pull -q");
    assert.deepEqual(await versions(bob), { user_orders: "1.0.0", user_total: "1.1.0" });
    assert.match(
      await ok(bob.mlforge("sync")),
      /^user_total +1\.1\.0 .*was not here; built again: the same bytes$/m,
    );
    await clean(bob);
  });
});

Deno.test("git: switching branches between builds leaves each with its own data", async () => {
  await withClones(async (ann) => {
    await ann.git("checkout -q -b a");
    await ann.edit("orders.csv", moreOrders(1));
    await ok(ann.mlforge("build --quiet"));
    await ann.commit("more of 1");
    await ann.git("checkout -q -b b main");
    assert.deepEqual(await versions(ann), { user_orders: "1.0.0", user_total: "1.0.0" });
    await ann.edit("orders.csv", moreOrders(2));
    // a left its data at 1.0.1, which is free here.
    await ok(ann.mlforge("build --quiet"));
    await ann.commit("more of 2");
    const ofB = await Deno.readFile(join(ann.folder, `${TOTAL}/1.0.1/data.parquet`));
    await ann.git("checkout -q a");
    assert.match((await ann.mlforge("show user_total")).err, /"user_total" 1\.0\.1 is not here/);
    assert.match(
      await ok(ann.mlforge("sync")),
      /^user_total +1\.0\.1 .*was changed; built again: the same bytes$/m,
    );
    await ann.git("checkout -q b");
    assert.match(await ok(ann.mlforge("build")), /^Restored 2, in/m);
    assert.deepEqual(await Deno.readFile(join(ann.folder, `${TOTAL}/1.0.1/data.parquet`)), ofB);
    await clean(ann);
  });
});

Deno.test("git: a merge with a conflict in _latest.json is named, and resolved by a side and a build", async () => {
  await withClones(async (ann, bob) => {
    await ann.edit("definitions.yaml", (text) => text.replace("as total", "as total, count(*) as orders"));
    await ok(ann.mlforge("build --quiet"));
    await ann.commit("count orders");
    await bob.edit("orders.csv", moreOrders(2));
    await ok(bob.mlforge("build --quiet"));
    await bob.commit("more orders");
    await bob.git("pull -q --no-rebase", { may: "fail" });
    assert.match(await bob.git("status --porcelain"), /^UU feature_store\/user_total\/_latest\.json$/m);
    const { code, err } = await bob.mlforge("list features");
    assert.equal(code, 1);
    assert.match(err, /user_total.*_latest\.json: a merge left its conflict in it/);
    assert.match(err, /git checkout --ours \(or --theirs\) .* mlforge build then publishes/s);
    await bob.git(`checkout --theirs -- ${TOTAL}/_latest.json`);
    await bob.commit("merge");
    assert.deepEqual(await versions(bob), { user_orders: "1.0.1", user_total: "1.1.0" });
    // Neither side's version was built of ann's definition and bob's orders.
    const sync = await bob.mlforge("sync");
    assert.equal(sync.code, 1);
    assert.match(sync.err, /"user_total" 1\.1\.0: source orders \(orders\.csv\) was \w+ and is \w+/);
    await ok(bob.mlforge("build --quiet"));
    assert.deepEqual(await versions(bob), { user_orders: "1.0.1", user_total: "1.1.1" });
    await bob.commit("built of both");
    assert.match(await ok(bob.mlforge("sync --check")), /^Here already 2/);
  });
});

Deno.test("git: a merge of two different 1.0.1 is named, and one of them becomes 1.0.2", async () => {
  await withClones(async (ann, bob) => {
    await ann.edit("orders.csv", moreOrders(1));
    await ok(ann.mlforge("build --quiet"));
    await ann.commit("more of 1");
    await bob.edit("orders.csv", moreOrders(2));
    await ok(bob.mlforge("build --quiet"));
    await bob.commit("more of 2");
    await bob.git("pull -q --no-rebase", { may: "fail" });
    const { code, err } = await bob.mlforge("list features");
    assert.equal(code, 1);
    assert.match(err, /1\.0\.1.*\.meta\.json: a merge left its conflict in it/);
    // Bob keeps what came first, and his orders beside it.
    await bob.git("checkout --theirs -- feature_store");
    await bob.edit("orders.csv", (text) => text.split("\n").filter((l) => !/^[<=>]{7}/.test(l)).join("\n"));
    await bob.commit("merge");
    assert.deepEqual(await versions(bob), { user_orders: "1.0.1", user_total: "1.0.1" });
    assert.match((await bob.mlforge("path user_total")).err, /"user_total" 1\.0\.1 is not here/);
    await ok(bob.mlforge("build --quiet"));
    await bob.commit("built of both");
    assert.deepEqual(await versions(bob), { user_orders: "1.0.2", user_total: "1.0.2" });
    await ann.git("pull -q --no-rebase ../bob main");
    assert.match(await ok(ann.mlforge("sync")), /^Restored 2, in/m);
    await clean(ann);
  });
});
