import assert from "node:assert/strict";
import { openLocalPublisher } from "../../src/publish/local.ts";
import { publishTexts, readText, stageText, versionsOf } from "./contract.ts";

// Moments that a race seldom hits, brought about on purpose.

async function inStore(body: (store: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(`${folder}/store`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const journal of ["with the journal of an earlier batch", "with no journal, as after a clone"]) {
  Deno.test(`local publisher: a whole batch that goes by while the pointers are read, ${journal}`, () =>
    inStore(async (store) => {
      const writer = openLocalPublisher(store);
      await publishTexts(writer, { clicks: "c1", orders: "o1", visits: "v1" });
      if (journal.startsWith("with no")) await Deno.remove(`${store}/_mlforge`, { recursive: true });

      const { readTextFile } = Deno;
      const passed = Promise.withResolvers<void>();
      let pointersRead = 0;
      Deno.readTextFile = async (path, options) => {
        if (!String(path).endsWith("_latest.json")) return await readTextFile(path, options);
        if (++pointersRead > 1) {
          // The other pointers are read when the batch is over.
          await passed.promise;
          return await readTextFile(path, options);
        }
        const before = await readTextFile(path, options);
        // The writer reads pointers too: without this wrapper.
        Deno.readTextFile = readTextFile;
        await publishTexts(writer, { clicks: "c2", orders: "o2", visits: "v2" }).then(
          () => passed.resolve(),
          passed.reject,
        );
        return before;
      };
      const wrapped = Deno.readTextFile;
      try {
        const reading = openLocalPublisher(store).read();
        assert.equal(Deno.readTextFile, wrapped);
        assert.deepEqual(versionsOf(await reading), { clicks: "1.1.0", orders: "1.1.0", visits: "1.1.0" });
      } finally {
        Deno.readTextFile = readTextFile;
      }
      assert.equal(pointersRead, 3);
    }));
}

Deno.test("local publisher: a committed batch that can't be put in place is published, and completed later", () =>
  inStore(async (store) => {
    const publisher = openLocalPublisher(store);
    await publishTexts(publisher, { clicks: "c1", visits: "v1" });
    const batch = await publisher.begin({ tool: "mlforge 0.0.0", command: "test" });
    const entries = [
      await stageText(publisher, batch, "clicks", "c2"),
      await stageText(publisher, batch, "visits", "v2"),
    ];
    await Deno.mkdir(`${store}/clicks/1.1.0/data.parquet/in the way`, { recursive: true });
    const outcome = await batch.publish(entries);
    await batch.close();
    assert.equal(outcome.kind, "published");
    assert.match(
      outcome.snapshot.notes.join(),
      /The batch is published, but not all of it is in place: .*data.parquet/,
    );
    assert.deepEqual(versionsOf(await publisher.read()), { clicks: "1.1.0", visits: "1.1.0" });
    assert.equal(await readText(publisher, "clicks"), "1.1.0 c2");
    assert.equal(await readText(publisher, "visits"), "1.1.0 v2");

    await Deno.remove(`${store}/clicks/1.1.0/data.parquet`, { recursive: true });
    const next = await publisher.begin({ tool: "mlforge 0.0.0", command: "test" });
    await next.close();
    assert.match(next.base.notes.join(), /^Completed the interrupted "test" of .*: clicks, visits$/);
    assert.equal(await Deno.readTextFile(`${store}/clicks/1.1.0/data.parquet`), "c2");
    assert.equal(await Deno.readTextFile(`${store}/clicks/_latest.json`), '{\n  "version": "1.1.0"\n}\n');
    assert.deepEqual(await Array.fromAsync(Deno.readDir(`${store}/_mlforge/tx`)), []);
  }));
