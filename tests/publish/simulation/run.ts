/**
 * Runs the simulation: `deno run -A tests/publish/simulation/run.ts [--runs 20000] [--from 0]`, or one seed with a
 * trace of every request: `--seed N`. `--mutant NAME` puts that fault of mutants.ts in first.
 */
import { parseArgs } from "node:util";
import { runMany } from "./many.ts";
import { loadMutant } from "./load_mutant.ts";
import { MUTANTS } from "./mutants.ts";
import { loadProduct } from "./product.ts";
import { simulate } from "./simulate.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20000" },
    from: { type: "string", default: "0" },
    seed: { type: "string" },
    mutant: { type: "string" },
  },
});
const mutant = MUTANTS.find((m) => m.name === values.mutant);
if (values.mutant !== undefined && mutant === undefined) {
  throw new Error(`No mutant is called "${values.mutant}": ${MUTANTS.map((m) => m.name).join(", ")}`);
}
const { product, dispose } = mutant === undefined
  ? { product: await loadProduct(), dispose: () => Promise.resolve() }
  : await loadMutant(mutant);
try {
  const from = Number(values.from);
  console.log(
    values.seed === undefined
      ? await runMany(product, from, from + Number(values.runs))
      : await simulate(Number(values.seed), product, (line) => console.log(line)),
  );
} finally {
  await dispose();
}
