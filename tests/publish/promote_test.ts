import assert from "node:assert/strict";
import { openLocalPublisher } from "../../src/publish/local.ts";
import { planPromote, promote, type PromoteEvent, type PromoteRequest } from "../../src/publish/promote.ts";
import type { Publisher } from "../../src/publish/publisher.ts";
import { openMemoryStore } from "./memory_store.ts";
import { isError, openOnStore } from "./object_bench.ts";
import { dataText, publishTexts, stageText, versionsOf, WHO } from "./sample_batch.ts";

interface Stores {
  staging: Publisher;
  production: Publisher;
  /** What `promote` is asked: `a` for what is published, `a@1.0.0` for another version. */
  request(...features: string[]): PromoteRequest;
}

const KINDS: Record<string, (folder: string) => Publisher> = {
  local: (folder) => openLocalPublisher(folder),
  object: (folder) => openOnStore(openMemoryStore(), folder),
};

/** A test for each pair of kinds of stores. */
function test(says: string, body: (stores: Stores) => Promise<void>): void {
  for (const [from, openFrom] of Object.entries(KINDS)) {
    for (const [to, openTo] of Object.entries(KINDS)) {
      Deno.test(`promote, ${from} to ${to}: ${says}`, async () => {
        const folder = await Deno.makeTempDir({ prefix: "mlforge-test-" });
        const [staging, production] = [openFrom(`${folder}/staging`), openTo(`${folder}/production`)];
        const request = (...features: string[]): PromoteRequest => ({
          source: staging,
          sourceStore: { kind: "local", path: `${folder}/staging` },
          target: production,
          from: "staging",
          to: "production",
          who: WHO,
          features: features.map((text) => {
            const [name = "", version] = text.split("@");
            return version === undefined ? { name } : { name, version };
          }),
        });
        try {
          await body({ staging, production, request });
        } finally {
          await Deno.remove(folder, { recursive: true });
        }
      });
    }
  }
}

test("the same bytes come under the same number, in one commit, with the metadata's facts", async (stores) => {
  const { staging, production, request } = stores;
  await publishTexts(staging, { a: "a1", b: "b1" });
  await publishTexts(staging, { a: "a2" });
  const events: PromoteEvent[] = [];
  const report = await promote({ ...request("a", "b"), onEvent: (event) => events.push(event) });

  const { features } = await production.read();
  assert.deepEqual(versionsOf({ ...await production.read(), features }), { a: "1.1.0", b: "1.0.0" });
  assert.deepEqual([...features.values()].map(({ tx }) => tx), [report.tx, report.tx]);
  assert.equal(await dataText(production, "a", "1.1.0"), "a2");
  assert.deepEqual(await production.versions("a"), ["1.1.0"]);
  assert.deepEqual(report.items.map(({ feature, version, outcome }) => `${feature} ${version} ${outcome}`), [
    "a 1.1.0 promoted",
    "b 1.0.0 promoted",
  ]);
  const brought = events.filter(({ kind }) => kind === "brought").map((event) =>
    event.kind === "brought" && event.feature
  );
  assert.deepEqual(brought.sort(), ["a", "b"]);

  const before = await staging.metadata("a", "1.1.0") ?? assert.fail();
  const after = await production.metadata("a", "1.1.0") ?? assert.fail();
  assert.deepEqual(after.mlforge.promoted, { from: "staging", tx: before.mlforge.tx });
  assert.equal(after.mlforge.tx, report.tx);
  assert.deepEqual(
    { ...after, updated_at: "", mlforge: { ...after.mlforge, tx: "", promoted: undefined } },
    { ...before, updated_at: "", mlforge: { ...before.mlforge, tx: "", promoted: undefined } },
  );
});

test("what is published there already is left alone, and an older version asked for is brought", async (stores) => {
  const { staging, production, request } = stores;
  await publishTexts(staging, { a: "a1" });
  await publishTexts(staging, { a: "a2" });
  assert.equal((await promote(request("a@1.0.0"))).items[0]?.outcome, "promoted");
  const again = await promote(request("a@1.0.0"));
  assert.deepEqual([again.tx, again.items[0]?.outcome], [undefined, "unchanged"]);
  const next = await promote(request("a"));
  assert.deepEqual(next.items.map(({ version, previous }) => [version, previous]), [["1.1.0", "1.0.0"]]);
  assert.equal(await dataText(production, "a", "1.0.0"), "a1");
});

test("a plan says what would come, and writes nothing", async ({ staging, production, request }) => {
  await publishTexts(staging, { a: "a1" });
  const items = await planPromote(request("a"));
  assert.deepEqual(items.map(({ feature, outcome }) => [feature, outcome]), [["a", "promoted"]]);
  assert.equal((await production.read()).features.size, 0);
});

test("refused: a number with other content, one that was passed, one that was replaced", async (stores) => {
  const { staging, production, request } = stores;
  await publishTexts(staging, { other: "s", passed: "s", fine: "s" });
  await publishTexts(production, { other: "p", passed: "p" });
  const all = request("other", "fine");
  await assert.rejects(
    promote(all),
    isError("failed", '"other" 1.0.0', '"production" has a 1.0.0 with other content'),
  );
  await assert.rejects(planPromote(all), isError("failed", "other content"));

  await publishTexts(production, { other: "p2" });
  await assert.rejects(promote(all), isError("failed", "has a 1.0.0 with other content"));

  await publishTexts(staging, { passed: "s2" });
  await publishTexts(production, { passed: "p2" });
  await publishTexts(staging, { fine: "s2" });
  const batch = await production.begin(WHO);
  await batch.publish([await stageText(production, batch, "passed", "p3", { requested: "3.0.0" })]);
  await batch.close();
  await publishTexts(staging, { passed: "s3" });
  await assert.rejects(
    promote(request("passed")),
    isError("failed", '"passed" 1.2.0', "has gone on to 3.0.0 without it"),
  );

  await promote(request("fine"));
  await publishTexts(production, { fine: "p" });
  await assert.rejects(
    promote(request("fine")),
    isError("failed", "has it already, and publishes 1.2.0 now"),
  );
  assert.equal((await production.read()).features.get("fine")?.version, "1.2.0");
});

test("refused: what is not in the source, and one feature twice", async ({ staging, production, request }) => {
  await publishTexts(staging, { clicks: "c1" });
  await assert.rejects(
    promote(request("cliks")),
    isError("usage", 'no published feature "cliks" in "staging"'),
  );
  await assert.rejects(promote(request("clicks@2.0.0")), isError("usage", "no version 2.0.0"));
  await assert.rejects(
    promote(request("clicks", "clicks@1.0.0")),
    isError("usage", 'promote "clicks" twice'),
  );
  assert.equal((await production.read()).features.size, 0);
});

test("where someone else publishes meanwhile, all goes through on what is published then, or nothing", async (stores) => {
  const { staging, production, request } = stores;
  await publishTexts(production, { a: "old", b: "old" });
  for (const text of ["a1", "a2", "a3"]) await publishTexts(staging, { a: text, b: text });
  /** Someone else publishes these texts between the look at the target and the commit. */
  const meanwhile = (texts: Record<string, string>): PromoteRequest => {
    let published: Promise<unknown> | undefined;
    const both = request("a", "b");
    return {
      ...both,
      target: {
        ...both.target,
        async stage(data) {
          const staged = await both.target.stage(data);
          await (published ??= publishTexts(production, texts));
          return staged;
        },
      },
    };
  };
  // 1.1.0 meanwhile: 1.2.0 is still free above it.
  await promote(meanwhile({ a: "other" }));
  assert.deepEqual(versionsOf(await production.read()), { a: "1.2.0", b: "1.2.0" });
  // 1.3.0, or one above it where ours is there already: in any case ours comes too late.
  await publishTexts(staging, { a: "a4", b: "b4" });
  await assert.rejects(promote(meanwhile({ a: "other" })), isError("failed", 'Refused to promote "a" 1.3.0'));
  const { a, b } = versionsOf(await production.read());
  assert.equal(b, "1.2.0");
  assert.equal(await dataText(production, "a", a ?? ""), "other");
});
