import assert from "node:assert/strict";
import { table } from "../../src/cli/table.ts";
import { cut, textWidth } from "../../src/cli/text_width.ts";

const COLUMNS = [{ title: "NAME" }, { title: "ROWS", align: "right" }, {
  title: "WHY",
  flexible: true,
}] as const;

Deno.test("a table's columns are as wide as their widest cell, numbers stand right", () => {
  assert.equal(
    table(COLUMNS, [["a", "1,000", "new"], ["longer", "1", ""]]),
    "NAME     ROWS  WHY\na       1,000  new\nlonger      1\n",
  );
});

Deno.test("a table without rows is its header", () => {
  assert.equal(table(COLUMNS, []), "NAME  ROWS  WHY\n");
});

Deno.test("flexible columns are cut to the terminal's width, others never", () => {
  const lines = table(COLUMNS, [["a_long_feature_name", "1", "because of this and that"]], { width: 40 })
    .split("\n");
  assert.equal(lines[1], "a_long_feature_name     1  because of t…");
  assert.equal(textWidth(lines[1] ?? ""), 40);
  const narrow = table(COLUMNS, [["a_long_feature_name", "1", "because of this"]], { width: 5 }).split("\n");
  assert.equal(narrow[1], "a_long_feature_name     1  becau…");
});

Deno.test("wide characters take two columns, combining ones none", () => {
  assert.equal(textWidth("東京"), 4);
  assert.equal(textWidth("e\u0301"), 1);
  assert.equal(textWidth("🚀"), 2);
  assert.equal(cut("東京都", 5), "東京…");
  assert.equal(cut("東京都", 4), "東…");
  assert.equal(cut("東京都", 6), "東京都");
});

Deno.test("a cell's line ends and control characters never break the table", () => {
  assert.equal(table([{ title: "A" }], [["one\ntwo\x1b[31m"]]), "A\none two\\x1b[31m\n");
});
