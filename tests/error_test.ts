import assert from "node:assert/strict";
import { MlforgeError, throwAll } from "../src/error.ts";

const place = { file: "definitions.yaml", line: 3, column: 3 };
const error = (message: string, line = 3) =>
  new MlforgeError("failed", message, { place: { ...place, line } });

Deno.test("throwAll() tells all errors, and once what two say of one place in the same words", () => {
  assert.throws(() => throwAll([error("a"), error("b"), error("a"), error("a", 4)]), (thrown) => {
    assert(thrown instanceof MlforgeError);
    assert.deepEqual(thrown.all().map(({ message, place }) => [message, place?.line]), [["a", 3], ["b", 3], [
      "a",
      4,
    ]]);
    return true;
  });
  throwAll([]);
});

Deno.test("at() gives an error a place, and leaves one that has a place as it is", () => {
  const bare = new MlforgeError("usage", "No such bucket", { hint: "Look at its name." });
  const placed = bare.at(place, 'source "events"');
  assert.deepEqual([placed.message, placed.hint, placed.place], [
    'No such bucket (source "events")',
    "Look at its name.",
    place,
  ]);
  assert.equal(placed.at({ ...place, line: 9 }, "x"), placed);
  assert.equal(bare.at(undefined), bare);
});
