import assert from "node:assert/strict";
import { join } from "node:path";
import { MlforgeError } from "../../src/error.ts";
import { readYaml } from "../../src/yaml/read.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function refuses(file: string, message: string, place?: string): Promise<MlforgeError> {
  const error = await readYaml(file).then(() => assert.fail("was read"), (thrown: unknown) => thrown);
  assert(error instanceof MlforgeError, String(error));
  assert.equal(error.code, "usage");
  assert.equal(error.message, message);
  assert.equal(error.place && `${error.place.line}:${error.place.column}`, place);
  assert.match(error.hint ?? "", /\.$/);
  return error;
}

const MIB = 1024 * 1024;

Deno.test("readYaml() reads a file in UTF-8, with or without a byte order mark", () =>
  inFolder(async (folder) => {
    const file = join(folder, "a.yaml");
    for (const mark of ["", "\ufeff"]) {
      await Deno.writeTextFile(file, `${mark}größe: "日本 😀"\n`);
      const { value, placeOf } = await readYaml(file);
      assert.deepEqual(value, { größe: "日本 😀" });
      assert.deepEqual(placeOf(["größe"], "value"), { file, line: 1, column: 8, text: 'größe: "日本 😀"' });
    }
  }));

Deno.test("readYaml() reads a file of 1 MiB and refuses a larger one", () =>
  inFolder(async (folder) => {
    const file = join(folder, "a.yaml");
    const line = "a: 1 #";
    await Deno.writeTextFile(file, line + "x".repeat(MIB - line.length));
    assert.deepEqual((await readYaml(file)).value, { a: 1 });
    await Deno.writeTextFile(file, "x", { append: true });
    await refuses(file, `Can't read "${file}": it is over 1 MiB`, "1:1");
  }));

Deno.test("readYaml() reads no more than it needs to refuse a huge file", () =>
  inFolder(async (folder) => {
    const file = join(folder, "a.yaml");
    await Deno.writeTextFile(file, "a: 1\n");
    // A hole: 1 TiB that takes no room on the disk, and can't be held in memory.
    await Deno.truncate(file, 1024 * 1024 * MIB);
    await refuses(file, `Can't read "${file}": it is over 1 MiB`, "1:1");
  }));

Deno.test({
  name: "readYaml() reads a pipe, and stops at 1 MiB of one that never ends",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const file = join(folder, "pipe");
      await new Deno.Command("mkfifo", { args: [file] }).output();
      // Another process writes: opening a pipe waits for its other end.
      const writer = new Deno.Command("sh", {
        args: ["-c", `(printf 'a: "'; head -c 300000 /dev/zero | tr '\\0' x; printf '"') > "$0"`, file],
      }).spawn();
      const { value } = await readYaml(file);
      assert.deepEqual(value, { a: "x".repeat(300_000) });
      assert((await writer.status).success);
      await refuses("/dev/zero", `Can't read "/dev/zero": it is over 1 MiB`, "1:1");
    }),
});

Deno.test("readYaml() refuses other encodings than UTF-8, naming the place", () =>
  inFolder(async (folder) => {
    const file = join(folder, "a.yaml");
    const utf16 = (text: string) => [...text].flatMap((letter) => [letter.charCodeAt(0), 0]);
    const wide = `Can't read "${file}": it is in UTF-16 or UTF-32`;
    const other = `Can't read "${file}": it is not in UTF-8`;
    const cases: [number[], string, string][] = [
      [[0xff, 0xfe, ...utf16("a: 1\n")], wide, "1:1"],
      [[0xfe, 0xff, 0, 0x61], wide, "1:1"],
      [utf16("a: 1\n"), wide, "1:1"],
      [[0, 0x61, 0, 0x3a], wide, "1:1"],
      // "größe" in Latin-1, on the second line.
      [[...new TextEncoder().encode("é: 1\nb: gr"), 0xf6, 0xdf, 0x65], other, "2:6"],
      // The first half of a character at the end.
      [[0x61, 0x3a, 0x20, 0xc3], other, "1:4"],
    ];
    for (const [bytes, message, place] of cases) {
      await Deno.writeFile(file, new Uint8Array(bytes));
      await refuses(file, message, place);
    }
  }));

Deno.test("readYaml() says what is wrong with a file that can't be read", () =>
  inFolder(async (folder) => {
    const missing = join(folder, "missing.yaml");
    assert.equal((await refuses(missing, `Can't read "${missing}"`)).hint, "There is no such file.");
    assert.match((await refuses(folder, `Can't read "${folder}"`)).hint ?? "", /it is a file/);
  }));

Deno.test("readYaml() refuses an empty file", () =>
  inFolder(async (folder) => {
    const file = join(folder, "a.yaml");
    await Deno.writeTextFile(file, "");
    await refuses(file, "The file is empty", "1:1");
  }));
