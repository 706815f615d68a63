import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliCompressSync } from "node:zlib";
import type { Carried } from "../../../src/engines/duckdb/addon/manifest.ts";
import { unpack } from "../../../src/engines/duckdb/addon/unpack.ts";

const TEXT = "the library, as it should be";
const posix = Deno.build.os !== "windows";
const isRoot = Deno.uid() === 0;
/** Nobody in particular, who is not the user of the tests. */
const STRANGER = 54321;

interface Place {
  files: Carried[];
  from: URL;
  /** What the tests look after; not there yet, in a folder of the user's own. */
  folder: string;
  file: string;
  outside: string;
}

/** A carried file, and a folder for it. */
async function withPlace(use: (place: Place) => void | Promise<void>): Promise<void> {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "mlforge-test-" }));
  try {
    const data = new TextEncoder().encode(TEXT);
    await Deno.writeFile(join(root, "library.so.br"), brotliCompressSync(data));
    const sha256 = createHash("sha256").update(data).digest("hex");
    const folder = join(root, "cache", "duckdb");
    await use({
      files: [{ name: "library.so", bytes: data.length, sha256 }],
      from: pathToFileURL(`${root}/`),
      folder,
      file: join(folder, "library.so"),
      outside: join(root, "outside"),
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const run = ({ files, from, folder }: Place) => unpack(files, from, folder);
const names = (folder: string) => [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();

Deno.test("what the binary carries is written once, for its user alone", async () => {
  await withPlace((place) => {
    run(place);
    assert.equal(Deno.readTextFileSync(place.file), TEXT);
    if (posix) assert.equal(Deno.statSync(place.folder).mode! & 0o777, 0o700);
    const first = Deno.statSync(place.file);
    run(place);
    assert.deepEqual(Deno.statSync(place.file).ino, first.ino);
    assert.deepEqual(names(place.folder), ["library.so", "lock"]);
  });
});

const damages: [string, (place: Place) => void][] = [
  ["of another content", ({ file }) => Deno.writeTextFileSync(file, TEXT.replace("as", "so"))],
  ["cut short", ({ file }) => Deno.truncateSync(file, 5)],
  ["empty", ({ file }) => Deno.truncateSync(file)],
  ["missing", ({ file }) => Deno.removeSync(file)],
];
for (const [what, damage] of damages) {
  Deno.test(`a copy that is ${what} is replaced`, async () => {
    await withPlace((place) => {
      run(place);
      damage(place);
      run(place);
      assert.equal(Deno.readTextFileSync(place.file), TEXT);
      assert.deepEqual(names(place.folder), ["library.so", "lock"]);
    });
  });
}

Deno.test({
  name: "a link in the place of a copy is replaced, even if what it leads to is right; that is not touched",
  ignore: !posix,
  async fn() {
    await withPlace((place) => {
      run(place);
      Deno.renameSync(place.file, place.outside);
      Deno.symlinkSync(place.outside, place.file);
      run(place);
      assert.ok(Deno.lstatSync(place.file).isFile);
      assert.equal(Deno.readTextFileSync(place.outside), TEXT);
    });
  },
});

Deno.test({
  name: "another user's copy is replaced, even if it is right",
  ignore: !isRoot,
  async fn() {
    await withPlace((place) => {
      run(place);
      Deno.chownSync(place.file, STRANGER, STRANGER);
      run(place);
      assert.equal(Deno.statSync(place.file).uid, Deno.uid());
    });
  },
});

Deno.test({
  name: "a link in the place of the folder is refused",
  ignore: !posix,
  async fn() {
    await withPlace((place) => {
      run(place);
      Deno.renameSync(place.folder, place.outside);
      Deno.symlinkSync(place.outside, place.folder);
      assert.throws(() => run(place), /is not a folder/);
    });
  },
});

Deno.test({
  name: "another user's folder is refused, and a folder that lies in one",
  ignore: !isRoot,
  async fn() {
    await withPlace((place) => {
      run(place);
      Deno.chownSync(place.folder, STRANGER, STRANGER);
      assert.throws(() => run(place), /is another user's/);
      Deno.chownSync(place.folder, 0, 0);
      Deno.chownSync(join(place.folder, ".."), STRANGER, STRANGER);
      assert.throws(() => run(place), /cache is another user's/);
    });
  },
});

Deno.test({
  name: "a folder that others could write to is closed, and what is in it looked at then",
  ignore: !posix,
  async fn() {
    await withPlace((place) => {
      run(place);
      Deno.writeTextFileSync(place.file, TEXT.toUpperCase());
      Deno.chmodSync(place.folder, 0o777);
      run(place);
      assert.equal(Deno.statSync(place.folder).mode! & 0o777, 0o700);
      assert.equal(Deno.readTextFileSync(place.file), TEXT);
    });
  },
});

Deno.test({
  name: "a folder whose place anyone may take is refused; in a sticky one, as /tmp is, nobody may",
  ignore: !posix,
  async fn() {
    await withPlace((place) => {
      run(place);
      const above = join(place.folder, "..");
      Deno.chmodSync(above, 0o777);
      assert.throws(() => run(place), /anyone can write to/);
      Deno.chmodSync(above, 0o1777);
      run(place);
    });
  },
});
