import assert from "node:assert/strict";
import { MlforgeError } from "../../src/error.ts";
import { parseYaml } from "../../src/yaml/parse.ts";

/** What is wrong, the text, the place of the error, and its message. */
const REFUSED: [string, string, string, string][] = [
  ["nothing at all", "", "1:1", "The file is empty"],
  ["only comments", "# a\n\n# b\n", "1:1", "The file is empty"],
  ["only a mark", "---\n", "1:1", "The file is empty"],
  ["two documents of nothing", "---\n---\n", "1:1", "The file is empty"],
  ["two documents", "a: 1\n---\nb: 2\n", "2:1", "The file holds more than one document"],
  ["two documents with marks", "---\na: 1\n...\n---\nb: 2\n", "3:1", "The file holds more than one document"],
  ["a document of text and another", "--- a\n--- b\n", "2:1", "The file holds more than one document"],
  ["text and another document", "a\n---\nb\n", "2:1", "The file holds more than one document"],
  ["a list and another document", "[a]\n---\nb\n", "2:1", "The file holds more than one document"],
  ["a document of nothing and another", "---\n---\na: 1\n", "3:1", "The file holds more than one document"],
  ["a tab as indentation", "a:\n\tb: 1\n", "2:1", "A tab stands in the indentation"],
  ["an open single quote", "a: 'x\nb: 2\n", "2:1", "A quote or a bracket further up is not closed"],
  ["an open double quote", 'a: "x', "1:6", "A quote or a bracket further up is not closed"],
  ["an open bracket", "a: [1,\n  2\n", "3:1", "A quote or a bracket further up is not closed"],
  ["a missing comma", "a: [{x} y]\n", "1:9", "A comma is missing between two items"],
  ["a comma too many", "a: [,1]\n", "1:5", "A comma stands where an item is expected"],
  ["an unknown escape", 'a: "\\q"\n', "1:6", "A backslash in double quotes begins no escape that YAML knows"],
  [
    "a short hexadecimal escape",
    'a: "\\xzz"\n',
    "1:7",
    "A backslash in double quotes begins no escape that YAML knows",
  ],
  ["a line without a colon", "a: 1\nb\nc: 2\n", "3:2", "The line does not fit the lines above it"],
  ["a line indented too much", "a: 1\n  b: 2\n", "2:4", "The line does not fit the lines above it"],
  ["a line indented too little", "a:\n   b: 1\n  c: 2\n", "3:3", "The line does not fit the lines above it"],
  ["text after a list", "[1]\nx\n", "2:1", "The line does not fit the lines above it"],
  ["a second colon", "a: b: c\n", "1:5", "A second colon stands in one line"],
  ["text after a quote", "a: 'x' y\n", "1:8", '"y" follows after the end of a value'],
  ["a bracket too many", "{a: 1}}\n", "1:7", '"}" follows after the end of a value'],
  ["a percent sign first", "a: %x\n", "1:4", `A value can't begin with "%"`],
  ["an at sign first", "a: @x\n", "1:4", `A value can't begin with "@"`],
  ["a key without a blank", '"a":1\n', "1:5", "A space is missing after a colon"],
  ["a null byte", "a: \0\n", "1:4", "The file holds a control character"],
  ["a bell", "a: \x07\n", "1:4", "The file holds a control character"],
  [
    "another directive",
    "%FOO\na: 1\n",
    "1:1",
    'A line that begins with "%" is no directive that YAML 1.2 knows',
  ],
  [
    "YAML 2",
    "%YAML 2.0\n---\na: 1\n",
    "1:1",
    'A line that begins with "%" is no directive that YAML 1.2 knows',
  ],
  ["a declared tag", "%TAG ! tag:x,2000:\n---\na: 1\n", "1:1", "Tags can't be declared here"],
  ["an unknown tag", "a: !python/object x\n", "1:4", 'Tag "!python/object" is not known here'],
  ["another type's tag", "a: !!binary x\n", "1:4", 'Tag "!!binary" is not known here'],
  ["a name of JavaScript as tag", "a: !!toString x\n", "1:4", 'Tag "!!toString" is not known here'],
  ["an unknown tag of a list", "a: !x [1]\n", "1:4", 'Tag "!x" is not known here'],
  ["a mapping's tag on a list", "a: !!map [1]\n", "1:4", 'Tag "!!map" is not known here'],
  ["a list's tag on a mapping", "a: !!seq {}\n", "1:4", 'Tag "!!seq" is not known here'],
  ["a list's tag on text", "a: !!seq x\n", "1:4", 'Tag "!!seq" is not known here'],
  ["a tag that does not fit", "a: !!int x\n", "1:10", '"x" is no value of the tag "!!int"'],
  ["an undeclared tag", "a: !x!y z\n", "1:8", "A tag is written wrongly"],
  ["an anchor without a name", "a: &\n", "1:5", "An anchor or an alias is written wrongly"],
  ["a block with a wrong mark", "a: |x\n  foo\n", "1:5", "A block of text begins wrongly"],
  ["an alias of nothing", "a: *x\n", "1:4", 'Alias "*x" has no anchor'],
  ["an alias before its anchor", "a: *x\nb: &x 1\n", "1:4", 'Alias "*x" has no anchor'],
  [
    "an alias inside its own value",
    "a: &x [*x]\n",
    "1:8",
    'Alias "*x" stands inside the value that it repeats',
  ],
  [
    "an alias inside its own, newer value",
    "a: &x 1\nb: &x {c: *x}\n",
    "2:11",
    'Alias "*x" stands inside the value that it repeats',
  ],
  ["an alias as key", "a: &x b\n*x : 1\n", "2:1", `Alias "*x" can't be a key`],
  ["a merge key", "a: &x {b: 1}\nc:\n  <<: *x\n", "3:3", 'Merge keys ("<<") are not part of YAML 1.2'],
  ["a key twice", "a: 1\n'a': 2\n", "2:1", 'Key "a" stands twice in one mapping'],
  ["a key twice, in brackets", "a: {b: 1, c: 2, b: 3}\n", "1:17", 'Key "b" stands twice in one mapping'],
  ["a number as key", "1: 2\n", "1:1", 'Key "1" is not text'],
  ["true as key", "a: {true: 2}\n", "1:5", 'Key "true" is not text'],
  ["an empty key", "a:\n  : 2\n", "2:3", "A key is empty"],
  ["a list as key", "? [1]\n: 2\n", "1:3", "A list can't be a key"],
  ["a mapping as key", "? {a: 1}\n: 2\n", "1:3", "A mapping can't be a key"],
  ["__proto__", "__proto__: {x: 1}\n", "1:1", `"__proto__" can't be a key`],
  ["toString", "toString: 1\n", "1:1", `"toString" can't be a key`],
  ["prototype", "prototype: 1\n", "1:1", `"prototype" can't be a key`],
];

for (const [what, text, place, message] of REFUSED) {
  Deno.test(`parseYaml() refuses ${what}`, () => refuses(text, place, message));
}

function refuses(text: string, place: string, message: string): void {
  assert.throws(() => parseYaml(text, "a.yaml"), (error: unknown) => {
    assert(error instanceof MlforgeError);
    assert.equal(error.message, message);
    assert.equal(`${error.place?.line}:${error.place?.column}`, place);
    assert.equal(error.place?.file, "a.yaml");
    assert.equal(error.code, "usage");
    assert.match(error.hint ?? "", /^[A-Z].*\.$/);
    return true;
  });
}

Deno.test("parseYaml() refuses 65 levels, whatever they are made of", () => {
  const message = "The file is nested over 64 deep";
  refuses("[".repeat(65) + "]".repeat(65), "1:65", message);
  refuses("- ".repeat(65) + "x", "1:129", message);
  refuses("{a: ".repeat(65) + "1" + "}".repeat(65), "1:257", message);
});

Deno.test("parseYaml() refuses a megabyte of brackets, as it refuses 65", () => {
  for (const bracket of ["[", "{a: ", "- ", "? ", "&a [", "!!seq ["]) {
    const text = bracket.repeat(1024 * 1024 / bracket.length);
    assert.throws(() => parseYaml(text, "a.yaml"), /nested over 64 deep/, bracket);
  }
});

Deno.test("parseYaml() counts the levels that aliases nest", () => {
  const forty = `a: &a ${"[".repeat(40)}${"]".repeat(40)}\n`;
  refuses(`${forty}b: ${"[".repeat(24)}*a${"]".repeat(24)}\n`, "2:28", "The file is nested over 64 deep");
  parseYaml(`${forty}b: ${"[".repeat(23)}*a${"]".repeat(23)}\n`, "a.yaml");
});

Deno.test("parseYaml() refuses aliases that repeat more than 10,000 values", () => {
  // Nine lists, each of ten of the one before: a billion values when written out.
  const names = "abcdefghi";
  const bomb = [...names].map((name, i) =>
    `${name}: &${name} [${Array(10).fill(i === 0 ? "lol" : `*${names[i - 1]}`).join(", ")}]`
  ).join("\n");
  refuses(bomb, "4:36", "Aliases repeat more than 10000 values");
  const list = `a: &a [${"1,".repeat(98)}1]\n`;
  parseYaml(`${list}b: [${"*a,".repeat(100)}]\n`, "a.yaml");
  assert.throws(() => parseYaml(`${list}b: [${"*a,".repeat(101)}]\n`, "a.yaml"), /more than 10000 values/);
});
