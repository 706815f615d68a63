/**
 * Runs the simulation: `deno run -A tests/publish/simulation/run.ts [--runs 20000] [--from 0]`, or one seed with a
 * trace of every request: `--seed N`. `--mutant NAME` puts that fault in first.
 */
import { parseArgs } from "node:util";
import { Violation } from "./ledger.ts";
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
const product = await loadProduct();
if (values.seed !== undefined) {
  try {
    const result = await simulate(Number(values.seed), product, (line) => console.log(line));
    console.log(result);
  } catch (error) {
    console.log(error);
  }
} else {
  const counts = new Map<string, number>();
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  const start = performance.now();
  let requests = 0;
  for (let seed = Number(values.from); seed < Number(values.from) + Number(values.runs); seed++) {
    try {
      const result = await simulate(seed, product);
      requests += result.requests;
      for (const ending of result.endings) count(ending.told);
      if (result.endless) count("endless");
    } catch (error) {
      if (!(error instanceof Violation)) throw new Error(`seed ${seed}`, { cause: error });
      count(`VIOLATION ${error.invariant}`);
      if ((counts.get(`VIOLATION ${error.invariant}`) ?? 0) < 4) {
        console.log(`seed ${seed}: ${error.message}`);
      }
    }
  }
  console.log(requests, "requests", performance.now() - start, "ms", Object.fromEntries(counts));
}
