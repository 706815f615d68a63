import assert from "node:assert/strict";
import { join } from "node:path";
import type { BuildRequest } from "../../src/build/report.ts";
import { MlforgeError } from "../../src/error.ts";
import { DEFINITIONS, EVENTS, openWorkshop, type Workshop } from "./workshop.ts";

/** A project whose one feature is the given function body. */
function withFunction(body: string): Promise<Workshop> {
  const definitions = `import { Definitions, entity, feature, source } from "mlforge";
const events = source({ name: "events", path: "events.csv" });
export default new Definitions({
  name: "shop",
  features: [
    feature({
      name: "made",
      source: events,
      entities: [entity({ name: "user", joinKey: "user" })],
      transform: async ({ events }, { arrow }) => {
        ${body}
      },
    }),
  ],
});
`;
  return openWorkshop({ "definitions.ts": definitions, "events.csv": EVENTS }, "definitions.ts");
}

const WORKING = `return new arrow.Table({
  user: arrow.vectorFromArray(["ann"], new arrow.Utf8()),
  n: arrow.vectorFromArray([events.numRows], new arrow.Int32()),
});`;

/** Nothing is published, and nothing of the build is left in the store's working folder. */
async function assertUntouched(shop: Workshop): Promise<void> {
  assert.deepEqual(await shop.published(), {});
  const left: string[] = [];
  const visit = async (folder: string) => {
    for await (const entry of Deno.readDir(folder)) {
      if (entry.isDirectory) await visit(join(folder, entry.name));
      else left.push(entry.name);
    }
  };
  await visit(shop.store.path).catch((error) => assert(error instanceof Deno.errors.NotFound));
  assert.deepEqual(left.filter((name) => name.endsWith(".parquet") || name.endsWith(".tmp")), []);
}

const FAILURES: [what: string, body: string, options: Partial<BuildRequest>, says: RegExp][] = [
  [
    "a function that throws",
    `throw new RangeError("too far")`,
    {},
    /Function of feature "made" threw RangeError: too far/,
  ],
  ["a function that gives no table", `return 7;`, {}, /gave number, not an Arrow table/],
  ["a function that hangs", `for (;;) ;`, { timeout: 1 }, /"made" took longer than 1 s/],
  [
    "a function that waits for ever",
    `await new Promise(() => setInterval(() => {}, 1000));`,
    { timeout: 1 },
    /longer than 1 s/,
  ],
  ["a function that exits", `Deno.exit(0);`, {}, /Deno\.exit\(\)/],
  ["a function that closes its worker", `self.close(); ${WORKING}`, {}, /self\.close\(\)/],
  [
    "an error that nothing catches",
    `setTimeout(() => { throw new Error("late"); }, 0); await new Promise((r) => setTimeout(r, 500));`,
    {},
    /late/,
  ],
];

for (const [what, body, options, says] of FAILURES) {
  Deno.test(`build() says what happened, and leaves the store as it was, for ${what}`, async () => {
    await using shop = await withFunction(body);
    await assert.rejects(shop.build(options), (error) => {
      assert(error instanceof MlforgeError, String(error));
      assert.match(error.message, says);
      return true;
    });
    await assertUntouched(shop);
  });
}

Deno.test("build() runs a function on Arrow tables and publishes what it gives", async () => {
  await using shop = await withFunction(WORKING);
  const report = await shop.build();
  assert.deepEqual(report.items.map((i) => [i.outcome, i.rows]), [["built", 1]]);
});

const LONG = DEFINITIONS.replace(
  "select user, count(distinct shop) as shops from events group by user",
  "select user, sum(hash(a.range + b.range) % 7)::bigint as shops from events, range(1000000) a, range(1000000) b group by user",
);

Deno.test("build() stops a long query when it is interrupted, with the reason of the interrupt", async () => {
  await using shop = await openWorkshop({ "definitions.yaml": LONG, "events.csv": EVENTS });
  const stop = new AbortController();
  const running = shop.build({
    features: ["shops"],
    signal: stop.signal,
    onEvent: (event) => {
      if (event.kind === "started") {
        setTimeout(() => stop.abort(new MlforgeError("interrupted", "Interrupted")), 300);
      }
    },
  });
  await assert.rejects(running, (error) => error instanceof MlforgeError && error.code === "interrupted");
  await assertUntouched(shop);
});

Deno.test("build() ends a query that takes longer than the time-out", async () => {
  await using shop = await openWorkshop({ "definitions.yaml": LONG, "events.csv": EVENTS });
  await assert.rejects(shop.build({ features: ["shops"], timeout: 1 }), /"shops" took longer than 1 s/);
  await assertUntouched(shop);
});

Deno.test("build() says that memory ran out, and what to do", async () => {
  const hungry = DEFINITIONS.replace(
    "select user, count(distinct shop) as shops from events group by user",
    "select user, list(r.range order by hash(r.range)) as shops from events, range(12000000) r group by user",
  );
  await using shop = await openWorkshop({ "definitions.yaml": hungry, "events.csv": EVENTS });
  await assert.rejects(shop.build({ features: ["shops"], memory: 150e6 }), (error) => {
    assert(error instanceof MlforgeError);
    assert.match(error.message, /Ran out of memory/);
    assert.match(error.hint ?? "", /--memory/);
    return true;
  });
  await assertUntouched(shop);
});

Deno.test("build() refuses a source that is written to while it is read", async () => {
  await using shop = await openWorkshop();
  let once = true;
  const running = shop.build({
    onEvent: (event) => {
      if (event.kind !== "started" || !once) return;
      once = false;
      Deno.writeTextFileSync(join(shop.folder, "events.csv"), EVENTS + "zoe,2026-01-06T00:00:00,1,1\n");
    },
  });
  await assert.rejects(running, /changed while it was read/);
  await assertUntouched(shop);
});

Deno.test("build() names all sources that are missing, with their places", async () => {
  await using shop = await openWorkshop();
  await Deno.remove(join(shop.folder, "events.csv"));
  await assert.rejects(shop.build(), (error) => {
    assert(error instanceof MlforgeError);
    assert.match(error.message, /There is no file "events.csv"/);
    assert.equal(error.place?.line, 3);
    return true;
  });
});
