import assert from "node:assert/strict";
import * as v from "valibot";
import { MlforgeError } from "../../src/error.ts";
import { parseYaml } from "../../src/yaml/parse.ts";
import { validate } from "../../src/yaml/shape.ts";

const text = v.pipe(v.string(), v.nonEmpty("must not be empty"));
const schema = v.strictObject({
  name: v.optional(text),
  size: v.optional(v.number()),
  loud: v.optional(v.boolean()),
  colour: v.optional(v.picklist(["red", "green", "blue"])),
  texts: v.optional(v.array(text)),
  either: v.optional(v.union([text, v.array(text)])),
  column: v.optional(v.union([text, v.strictObject({ column: text, format: v.optional(text) })])),
  shape: v.optional(v.variant("kind", [
    v.strictObject({ kind: v.literal("circle"), radius: v.number() }),
    v.strictObject({ kind: v.literal("square"), side: v.number() }),
  ])),
  things: v.optional(v.record(text, v.strictObject({ path: text, words: v.optional(v.array(text)) }))),
});

/** Each error as `line:column message | hint`. */
function errorsOf(yaml: string): string[] {
  const { value, placeOf } = parseYaml(yaml, "a.yaml");
  try {
    validate(schema, value, placeOf, {
      what: "the file",
      unknownKey: (key) =>
        key === "password" ? { message: "No passwords here", hint: "Remove it." } : undefined,
    });
  } catch (error) {
    assert(error instanceof MlforgeError);
    return error.all().map(({ code, place, message, hint }) => {
      assert.equal(code, "usage");
      assert.equal(place?.file, "a.yaml");
      return `${place.line}:${place.column} ${message} | ${hint ?? ""}`;
    });
  }
  return [];
}

const WRONG: [string, string, string[]][] = [
  ["a key near a right one", "nmae: a", ['1:1 Unknown key "nmae" in the file | Did you mean "name"?']],
  [
    "a key near none",
    "things: {a: {path: x, qqqqqq: 1}}",
    ['1:23 Unknown key "qqqqqq" in "things.a" of the file | There are: path, words.'],
  ],
  ["a key with words of its own", "password: 1", ["1:1 No passwords here | Remove it."]],
  ["all unknown keys of a mapping", "nmae: a\ncolor: red\nname: b", [
    '1:1 Unknown key "nmae" in the file | Did you mean "name"?',
    '2:1 Unknown key "color" in the file | Did you mean "colour"?',
  ]],
  ["an unknown key with a list", "nmae: [a]", ['1:1 Unknown key "nmae" in the file | Did you mean "name"?']],
  ["a missing key", "things:\n  a: {words: []}", [
    '2:3 Key "path" is missing in "things.a" of the file | Add it.',
  ]],
  ["a name near a right one", "colour: gren", [
    '1:9 "colour" of the file can\'t be "gren" | Did you mean "green"?',
  ]],
  ["a number where names are", "colour: 1", [
    '1:9 "colour" of the file must be "red" or "green" or "blue", and is a number | Write it so.',
  ]],
  ["a number where text is", "name: 1.0", [
    '1:7 "name" of the file must be text, and is a number | Put it in quotes: without them it is read as no text.',
  ]],
  ["a boolean where text is", "texts: [a, true]", [
    '1:12 "texts.1" of the file must be text, and is true or false | Put it in quotes: without them it is read as no text.',
  ]],
  ["nothing where text is", "name:", [
    '1:1 "name" of the file must be text, and is empty | Write a value, or remove the key.',
  ]],
  ["text where a number is", "size: 'x'", [
    '1:7 "size" of the file must be a number, and is text | Write it so.',
  ]],
  ["yes where a boolean is", "loud: yes", [
    '1:7 "loud" of the file must be true or false, and is text | Write it so.',
  ]],
  ["text where a list is", "texts: a", [
    '1:8 "texts" of the file must be a list, and is text | Write it so.',
  ]],
  ["a list where a mapping is", "things: [a]\nname: 1", [
    '1:9 "things" of the file must be a mapping, and is a list | Write it so.',
    '2:7 "name" of the file must be text, and is a number | Put it in quotes: without them it is read as no text.',
  ]],
  ["an empty list where a mapping is", "things: []", [
    '1:9 "things" of the file must be a mapping, and is a list | Write it so.',
  ]],
  ["a list where kinds are", "shape: []", [
    '1:8 "shape" of the file must be a mapping, and is a list | Write it so.',
  ]],
  ["a list of lists", "texts: [[a]]", [
    '1:9 "texts.0" of the file must be text, and is a list | Write it so.',
  ]],
  ["text where a mapping is", "things: a", [
    '1:9 "things" of the file must be a mapping, and is text | Write it so.',
  ]],
  ["a mapping where text is", "name: {a: 1}", [
    '1:7 "name" of the file must be text, and is a mapping | Write it so.',
  ]],
  ["a list where text is", "name: [a]", [
    '1:7 "name" of the file must be text, and is a list | Write it so.',
  ]],
  ["what fails a check", 'name: ""', ['1:7 "name" of the file must not be empty | ']],
  ["what is of no way of a union", "either: {a: 1}", [
    '1:9 "either" of the file must be text or a list, and is a mapping | Write it so.',
  ]],
  ["what fails inside of a way of a union", "either: [a, 1]", [
    '1:13 "either.1" of the file must be text, and is a number | Put it in quotes: without them it is read as no text.',
  ]],
  ["an unknown key in a way of a union", "column: {colunm: a, column: b}", [
    '1:10 Unknown key "colunm" in "column" of the file | Did you mean "column"?',
  ]],
  ["a check in a way of a union", 'either: ""', ['1:9 "either" of the file must not be empty | ']],
  ["an unknown kind", "shape: {kind: cirle, radius: 1}", [
    '1:15 "shape.kind" of the file can\'t be "cirle" | Did you mean "circle"?',
  ]],
  ["a missing kind", "shape: {radius: 1}", [
    '1:1 Key "kind" is missing in "shape" of the file | Add it: circle, square.',
  ]],
  ["a kind that is no text", "shape: {kind: 1}", [
    '1:15 "shape.kind" of the file must be "circle" or "square", and is a number | Write it so.',
  ]],
  ["another kind's key", "shape: {kind: circle, radius: 1, side: 2}", [
    '1:34 Unknown key "side" in "shape" of the file | There are: kind, radius.',
  ]],
  ["a wrong value of a kind", "shape: {kind: square, side: x}", [
    '1:29 "shape.side" of the file must be a number, and is text | Write it so.',
  ]],
  ["text instead of kinds", "shape: circle", [
    '1:8 "shape" of the file must be a mapping, and is text | Write it so.',
  ]],
  ["text instead of everything", "just text", ["1:1 The file must be a mapping, and is text | Write it so."]],
  ["errors in several parts", "name: 1\nsize: a\nx: 1", [
    '1:7 "name" of the file must be text, and is a number | Put it in quotes: without them it is read as no text.',
    '2:7 "size" of the file must be a number, and is text | Write it so.',
    '3:1 Unknown key "x" in the file | There are: name, size, loud, colour, texts, either, column, shape, things.',
  ]],
];

for (const [what, yaml, errors] of WRONG) {
  Deno.test(`validate() reports ${what}`, () => assert.deepEqual(errorsOf(yaml), errors));
}

Deno.test("validate() gives what is right", () => {
  const yaml = "name: a\ncolour: red\neither: [a]\nshape: {kind: circle, radius: 1}\nthings: {a: {path: b}}";
  const { value, placeOf } = parseYaml(yaml, "a.yaml");
  assert.deepEqual(validate(schema, value, placeOf, { what: "the file" }), {
    name: "a",
    colour: "red",
    either: ["a"],
    shape: { kind: "circle", radius: 1 },
    things: { a: { path: "b" } },
  });
});
