import assert from "node:assert/strict";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { MlforgeError } from "../../src/error.ts";
import { labelFiles } from "../../src/retrieve/label_files.ts";
import { loadLabels } from "../../src/retrieve/labels.ts";

Deno.test("labels without a row are told as such, where their types can't be known", async () => {
  const folder = await Deno.makeTempDir();
  const instance = await DuckDBInstance.create(":memory:");
  try {
    const texts = new Set<string>();
    for (
      const [name, text] of [["none.csv", ""], ["header.csv", "user_id,at\n"], ["none.json", ""]] as const
    ) {
      const file = join(folder, name);
      await Deno.writeTextFile(file, text);
      const connection = await instance.connect();
      const load = labelFiles(file, { scratch: folder }).then((files) =>
        loadLabels(connection, files, { texts })
      );
      await assert.rejects(load, (thrown) => {
        assert.ok(thrown instanceof MlforgeError);
        assert.deepEqual([thrown.code, thrown.message], ["usage", `There are no labels in "${file}"`]);
        return true;
      });
      await connection.run("DROP VIEW IF EXISTS _labels; DROP TABLE IF EXISTS _label_rows");
      connection.closeSync();
    }
    const parquet = join(folder, "none.parquet");
    const connection = await instance.connect();
    await connection.run(`COPY (SELECT 1 AS user_id WHERE false) TO '${parquet}' (FORMAT parquet)`);
    const { columns } = await loadLabels(connection, await labelFiles(parquet, { scratch: folder }), {
      texts,
    });
    assert.deepEqual(columns.map(({ name }) => name), ["user_id"]);
    connection.closeSync();
  } finally {
    instance.closeSync();
    await Deno.remove(folder, { recursive: true });
  }
});
