import assert from "node:assert/strict";
import * as nodePath from "node:path";
import fc from "fast-check";
import { dirname, isAbsolute, join, relative, resolve } from "../src/path.ts";

const part = fc.array(fc.constantFrom("a", "b.c", "..", ".", "", "/", "//", "d e"), { maxLength: 6 })
  .map((pieces) => pieces.join("/"));
const parts = fc.array(part, { minLength: 1, maxLength: 4 });

Deno.test("join(), resolve(), relative() and dirname() give what node:path gives, for any path", () => {
  fc.assert(fc.property(parts, (all) => {
    assert.equal(join(...all), nodePath.join(...all));
    assert.equal(resolve(...all), nodePath.resolve(...all));
  }));
  fc.assert(fc.property(part, part, (a, b) => {
    assert.equal(relative(a, b), nodePath.relative(a, b));
    assert.equal(isAbsolute(a), nodePath.isAbsolute(a));
  }));
  fc.assert(
    fc.property(
      part.map((path) => resolve(path)),
      (path) => assert.equal(dirname(path), nodePath.dirname(path)),
    ),
  );
});
