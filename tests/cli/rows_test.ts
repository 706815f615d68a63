import assert from "node:assert/strict";
import { rowsText } from "../../src/cli/rows.ts";

const COLUMNS = [{ name: "user_id", dtype: "int64" }, {
  name: "spend__amount__sum__1d__7d",
  dtype: "float64",
}];
const ROWS = [[1, 2.5], [20, null]];
const colour = { stdout: false, stderr: false };

Deno.test("rows are a table where the terminal is wide enough", () => {
  const wide = "user_id  spend__amount__sum__1d__7d\n      1                         2.5\n" +
    "     20                        NULL\n";
  for (const columns of [undefined, 35]) assert.equal(rowsText(COLUMNS, ROWS, { colour, columns }), wide);
});

Deno.test("rows are lines of names and values where the terminal is too narrow, with no name cut", () => {
  assert.equal(
    rowsText(COLUMNS, ROWS, { colour, columns: 34 }),
    "user_id                     1\nspend__amount__sum__1d__7d  2.5\n\n" +
      "user_id                     20\nspend__amount__sum__1d__7d  NULL\n",
  );
  assert.equal(rowsText(COLUMNS, [], { colour, columns: 10 }), "user_id  spend__amount__sum__1d__7d\n");
});
