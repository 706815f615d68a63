import assert from "node:assert/strict";
import type { Invariant } from "./ledger.ts";
import { runMany } from "./many.ts";
import { loadMutant } from "./load_mutant.ts";
import { MUTANTS } from "./mutants.ts";
import { loadProduct, REPOSITORY } from "./product.ts";
import { simulate } from "./simulate.ts";

const INVARIANTS: Record<Invariant, true> = {
  "whole batch": true,
  "no lost update": true,
  "one register": true,
  "numbers rise": true,
  "states differ": true,
  "committed data": true,
  "metadata follows": true,
  "redo kept": true,
  "pointer committed": true,
  "pointer whole": true,
  "pointer forward": true,
  "foreign pointer": true,
  "adopted": true,
  "one moment": true,
  "reader whole": true,
  "honest answer": true,
  "fit server": true,
  "healed": true,
};

/** The stored seed catches it today; after a change elsewhere one nearby does. */
const NEARBY = 2_000;

for (const mutant of MUTANTS) {
  Deno.test(`the simulation catches code that ${mutant.name}`, async () => {
    const { product, dispose } = await loadMutant(mutant);
    try {
      const { violations } = await runMany(product, mutant.seed, mutant.seed + NEARBY, 1);
      assert.deepEqual(violations.map((v) => v.invariant), [mutant.breaks]);
    } finally {
      await dispose();
    }
  });
}

Deno.test("each invariant is written down in docs/publishing.md, and has a mutant that breaks it", async () => {
  const text = await Deno.readTextFile(new URL("docs/publishing.md", REPOSITORY));
  for (const invariant of Object.keys(INVARIANTS)) {
    assert.ok(text.includes(`**${invariant}**`), `"${invariant}" in docs/publishing.md`);
    assert.ok(MUTANTS.some((m) => m.breaks === invariant), `a mutant that breaks "${invariant}"`);
  }
});

Deno.test("the same seed gives the same run, request by request", async () => {
  const product = await loadProduct();
  const trace = async (seed: number) => {
    const lines: string[] = [];
    await simulate(seed, product, (line) => lines.push(line));
    return lines;
  };
  for (const seed of [1, 2, 3]) assert.deepEqual(await trace(seed), await trace(seed));
  assert.notDeepEqual(await trace(1), await trace(2));
});
