import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { withProject } from "./project.ts";
import { asUser, BINARY, runCli } from "./run_cli.ts";

// How the binary keeps DuckDB's library on disk; from source there is no such thing.
const ignore = BINARY === undefined || Deno.build.os === "windows";
/** Whether the binary runs as another user than the tests, which are root's. */
const isOther = Deno.env.has("MLFORGE_BIN_UID");
const SHOW = ["show", "user_total", "--json"];

interface Place {
  /** The project's folder. */
  cwd: string;
  /** What MLFORGE_CACHE_DIR says. */
  cache: string;
  env: Record<string, string>;
}

/** A project that is built, with a cache of its own. */
async function withCache(use: (place: Place) => Promise<void>): Promise<void> {
  await withProject(async (cwd) => {
    const cache = join(cwd, "cache");
    await Deno.mkdir(cache);
    const place = { cwd, cache, env: { MLFORGE_CACHE_DIR: cache } };
    const { code, err } = await runCli(["build"], place);
    assert.equal(code, 0, err);
    await use(place);
  });
}

/** The only folder in the cache, and the library in it. */
async function library({ cache }: Place): Promise<string> {
  const [entry, ...more] = [...Deno.readDirSync(cache)].filter(({ name }) => name.startsWith("duckdb-"));
  assert.deepEqual(more, []);
  const folder = join(cache, entry?.name ?? "");
  for await (const { name } of Deno.readDir(folder)) {
    if (name.startsWith("libduckdb.")) return join(folder, name);
  }
  throw new Error(`There is no library in ${folder}`);
}

async function assertShows(place: Place): Promise<void> {
  const { code, out, err } = await runCli(SHOW, place);
  assert.equal(code, 0, err);
  assert.equal(err, "");
  assert.equal(JSON.parse(out).rows.length, 2);
}

Deno.test({
  name: "twenty processes that start at once leave one whole library, and all of them work",
  ignore,
  async fn() {
    await withCache(async (place) => {
      const file = await library(place);
      await Deno.remove(join(file, ".."), { recursive: true });
      await Promise.all(Array.from({ length: 20 }, () => assertShows(place)));
      const names = [...Deno.readDirSync(join(file, ".."))].map(({ name }) => name).sort();
      assert.deepEqual(names.filter((name) => !name.startsWith("libduckdb.")), ["duckdb.node", "lock"]);
      assert.equal((await Deno.stat(join(file, ".."))).mode! & 0o777, 0o700);
    });
  },
});

Deno.test({
  name: "a library that was changed, cut, or linked to another one is not loaded but replaced",
  ignore,
  async fn() {
    await withCache(async (place) => {
      const file = await library(place);
      const whole = await Deno.readFile(file);
      const planted = join(place.cwd, "planted.so");
      await Deno.writeTextFile(planted, "not a library");
      const changed = whole.slice();
      changed[changed.length >> 1]! ^= 1;
      const attacks = [
        () => Deno.writeFile(file, changed),
        () => Deno.truncate(file, 1_000_000),
        async () => {
          await Deno.remove(file);
          await Deno.symlink(planted, file);
        },
      ];
      for (const attack of attacks) {
        await attack();
        await assertShows(place);
        assert.ok((await Deno.lstat(file)).isFile);
        assert.ok(Buffer.from(whole).equals(await Deno.readFile(file)));
      }
      assert.equal(await Deno.readTextFile(planted), "not a library");
    });
  },
});

Deno.test({
  name: "the addon that loads the library is held to its digest, too",
  ignore,
  async fn() {
    await withCache(async (place) => {
      const file = join(await library(place), "..", "duckdb.node");
      const whole = await Deno.readFile(file);
      await Deno.writeFile(file, whole.subarray(1));
      await assertShows(place);
      assert.ok(Buffer.from(whole).equals(await Deno.readFile(file)));
    });
  },
});

Deno.test({
  name: "a copy that another user has put there is replaced, whatever is in it",
  // Only root can make one.
  ignore: ignore || !isOther,
  async fn() {
    await withCache(async ({ cwd }) => {
      // Not in the project, which becomes its user's at each run.
      const cache = await Deno.makeTempDir({ prefix: "mlforge-test-" });
      try {
        const owner = asUser(cache)!;
        const place = { cwd, cache, env: { MLFORGE_CACHE_DIR: cache } };
        await assertShows(place);
        const file = await library(place);
        await Deno.chown(file, 0, 0);
        await assertShows(place);
        assert.equal((await Deno.stat(file)).uid, owner.uid);
      } finally {
        await Deno.remove(cache, { recursive: true });
      }
    });
  },
});

Deno.test({
  name: "a link in place of the library's folder is not followed",
  ignore,
  async fn() {
    await withCache(async (place) => {
      const folder = join(await library(place), "..");
      await Deno.rename(folder, join(place.cwd, "elsewhere"));
      await Deno.symlink(join(place.cwd, "elsewhere"), folder);
      const { code, out, err } = await runCli(SHOW, place);
      assert.deepEqual({ code, out }, { code: 1, out: "" });
      assert.match(JSON.parse(err).error.hint, /duckdb-\S+ is not a folder/);
    });
  },
});

Deno.test({
  name: "another libduckdb on LD_LIBRARY_PATH is not loaded",
  ignore,
  async fn() {
    await withCache(async (place) => {
      await Deno.writeTextFile(join(place.cwd, "libduckdb.so"), "not a library");
      await assertShows({ ...place, env: { ...place.env, LD_LIBRARY_PATH: place.cwd } });
    });
  },
});

Deno.test({
  name: "a cache that is not the user's, or no folder, is one clear error, and no other place is taken",
  ignore,
  async fn() {
    await withCache(async (place) => {
      const file = join(place.cwd, "file");
      await Deno.writeTextFile(file, "");
      const others = [file, ...isOther ? [await foreign()] : []];
      for (const cache of others) {
        const { code, out, err } = await runCli(["show", "user_total"], {
          ...place,
          env: { MLFORGE_CACHE_DIR: cache },
        });
        assert.equal(code, 1);
        assert.equal(out, "");
        assert.match(err, /^Error: Can't bring DuckDB's library to disk, where it has to be to be loaded\n/);
        assert.match(err, /Set MLFORGE_CACHE_DIR to a folder of your own with 80 MB of room/);
      }
      for (const path of others.slice(1)) await Deno.remove(path, { recursive: true });
    });
  },
});

/** A folder that is root's, and open to all. */
async function foreign(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "mlforge-test-" });
  await Deno.chmod(folder, 0o777);
  return folder;
}

Deno.test({
  name:
    "with a home or cache that can't be written, or is not there, the library goes to the temporary files",
  ignore,
  async fn() {
    await withCache(async (place) => {
      const temporary = join(place.cwd, "tmp");
      const home = join(place.cwd, "home");
      for (const folder of [temporary, home]) await Deno.mkdir(folder);
      // Root writes everywhere, so that only a home that is not there says something then.
      const homes = [join(place.cwd, "file", "home"), ...(Deno.uid() === 0 && !isOther ? [] : [home])];
      await Deno.writeTextFile(join(place.cwd, "file"), "");
      await Deno.chmod(home, 0o500);
      const environments = homes.flatMap((path) => [{ HOME: path }, { XDG_CACHE_HOME: path }]);
      for (const env of environments) {
        await assertShows({ ...place, env: { ...env, TMPDIR: temporary } });
        const [own] = [...Deno.readDirSync(temporary)].map(({ name }) => name);
        assert.match(own ?? "", /^mlforge-\d+$/);
        await Deno.remove(join(temporary, own ?? ""), { recursive: true });
      }
    });
  },
});
