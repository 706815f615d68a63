import assert from "node:assert/strict";
import { parseYaml } from "../../src/yaml/parse.ts";
import type { Path } from "../../src/yaml/located.ts";

function read(text: string): unknown {
  return parseYaml(text, "a.yaml").value;
}

/** `line:column` of a key or a value. */
function placeIn(text: string, path: Path, part: "key" | "value"): string {
  const { line, column } = parseYaml(text, "a.yaml").placeOf(path, part);
  return `${line}:${column}`;
}

Deno.test("parseYaml() reads scalars by YAML 1.2's core schema", () => {
  const cases: [string, unknown][] = [
    ["yes", "yes"],
    ["on", "on"],
    ["true", true],
    ["False", false],
    ["~", null],
    ["null", null],
    ["", null],
    ["12", 12],
    ["0o17", 15],
    ["017", 17],
    ["0x1F", 31],
    ["1e3", 1000],
    ["1.0", 1],
    [".inf", Infinity],
    ["1_000", "1_000"],
    ["1:30", "1:30"],
    ["2001-01-01", "2001-01-01"],
    ["1.2.3", "1.2.3"],
    ["'12'", "12"],
    ['"true"', "true"],
    ['"a\\tb\\u00e9"', "a\tbé"],
    ["'it''s'", "it's"],
    ["|\n  12\n", "12\n"],
    [">-\n  a\n  b\n", "a b"],
    ["!!str 1.0", "1.0"],
    ["! 12", "12"],
    ["!!int '12'", 12],
    ["!!float 1", 1],
    ["!!bool 'true'", true],
    ["!!null ''", null],
    ["!!seq [1]", [1]],
    ["!!map {b: 1}", { b: 1 }],
    ["! [1]", [1]],
  ];
  for (const [text, value] of cases) assert.deepEqual(read(`a: ${text}`), { a: value }, text);
});

Deno.test("parseYaml() reads lists and mappings, in blocks and in brackets", () => {
  assert.deepEqual(read("a:\n- 1\n- b: 2\n  c: [x, {y: z}]\n-\n"), {
    a: [1, { b: 2, c: ["x", { y: "z" }] }, null],
  });
  assert.deepEqual(read("- [a: 1]\n"), [[{ a: 1 }]]);
  assert.deepEqual(read("? a\n: 1\n"), { a: 1 });
  assert.deepEqual(read("just text"), "just text");
  assert.deepEqual(read("~"), null);
});

Deno.test("parseYaml() takes one document with its marks, comments and directive", () => {
  assert.deepEqual(read("%YAML 1.2\n---\n# first\na: 1 # one\n...\n"), { a: 1 });
});

Deno.test("parseYaml() leaves out a byte order mark, and places do not count it", () => {
  assert.deepEqual(read("\ufeffa: 1"), { a: 1 });
  assert.equal(placeIn("\ufeffa: 1", ["a"], "key"), "1:1");
});

Deno.test("parseYaml() repeats by aliases what anchors name, the newest anchor of a name", () => {
  assert.deepEqual(read("a: &x [1]\nb: *x\nc: &x 2\nd: *x\n&k e: *k\n"), {
    a: [1],
    b: [1],
    c: 2,
    d: 2,
    e: "e",
  });
});

Deno.test("parseYaml() places keys and values", () => {
  const text = [
    "first: one", // 1
    "list:", // 2
    "  - a", // 3
    "  - b: 'q'", // 4
    "block: |", // 5
    "", // 6
    "    select 1", // 7
    "empty:", // 8
    'flow: {k: [x, "y"], z: }', // 9
    "tagged: !!str 1", // 10
    "none: !!str", // 11
    "'quoted': 1", // 12
  ].join("\n");
  const expected: [Path, string, string][] = [
    [[], "1:1", "1:1"],
    [["first"], "1:1", "1:8"],
    [["list"], "2:1", "3:3"],
    [["list", 0], "3:5", "3:5"],
    [["list", 1], "4:5", "4:5"],
    [["list", 1, "b"], "4:5", "4:8"],
    [["block"], "5:1", "7:5"],
    [["empty"], "8:1", "8:1"],
    [["flow"], "9:1", "9:7"],
    [["flow", "k", 1], "9:15", "9:15"],
    [["flow", "z"], "9:21", "9:21"],
    [["tagged"], "10:1", "10:15"],
    [["none"], "11:1", "11:7"],
    [["quoted"], "12:1", "12:11"],
  ];
  for (const [path, key, value] of expected) {
    assert.deepEqual(
      [placeIn(text, path, "key"), placeIn(text, path, "value")],
      [key, value],
      path.join("."),
    );
  }
});

Deno.test("parseYaml() places what is missing at the key of what lacks it", () => {
  const text = "a:\n  b:\n    c: 1\n";
  assert.equal(placeIn(text, ["a", "b", "x"], "value"), "2:3");
  assert.equal(placeIn(text, ["a", "b", "x", "y"], "key"), "2:3");
  assert.equal(placeIn(text, ["x"], "value"), "1:1");
});

Deno.test("parseYaml() places an alias where it stands, and what is inside it at its anchor", () => {
  const text = "a: &x {b: 1}\nc: *x\nd: [*x]\n";
  assert.equal(placeIn(text, ["c"], "key"), "2:1");
  assert.equal(placeIn(text, ["c"], "value"), "2:4");
  assert.equal(placeIn(text, ["c", "b"], "value"), "1:11");
  assert.equal(placeIn(text, ["d", 0], "value"), "3:5");
});

Deno.test("parseYaml() counts lines by any of YAML's three ends, and gives the line's text without it", () => {
  const { placeOf } = parseYaml("a: 1\r\nb: 2\rc: 3\nd: 4", "a.yaml");
  assert.deepEqual(placeOf(["b"], "key"), { file: "a.yaml", line: 2, column: 1, text: "b: 2" });
  assert.deepEqual(placeOf(["c"], "value"), { file: "a.yaml", line: 3, column: 4, text: "c: 3" });
  assert.deepEqual(placeOf(["d"], "value"), { file: "a.yaml", line: 4, column: 4, text: "d: 4" });
});

Deno.test("parseYaml() reads 64 levels", () => {
  const deep = `${"[".repeat(64)}x${"]".repeat(64)}`;
  let value = read(deep);
  for (let level = 0; level < 64; level++) value = (value as unknown[])[0];
  assert.equal(value, "x");
});

Deno.test("parseYaml() allows aliases to repeat 10,000 values", () => {
  const list = `[${"1,".repeat(99)}1]`;
  // The list itself is a value too.
  const text = `a: &a ${list}\nb: [${"*a,".repeat(99)}]\n`;
  assert.equal((read(text) as { b: unknown[] }).b.length, 99);
});
