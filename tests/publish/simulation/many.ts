import type { Ending } from "./actors.ts";
import { Violation } from "./ledger.ts";
import type { Product } from "./product.ts";
import { simulate } from "./simulate.ts";

/** What many runs came to. Plain data: it crosses a worker's border. */
export interface Tally {
  runs: number;
  requests: number;
  endless: number;
  told: Partial<Record<Ending["told"], number>>;
  violations: { seed: number; invariant: string; message: string }[];
}

/** Runs the seeds [from, to); stops early after so many violations. */
export async function runMany(product: Product, from: number, to: number, enough = 10): Promise<Tally> {
  const tally: Tally = { runs: 0, requests: 0, endless: 0, told: {}, violations: [] };
  for (let seed = from; seed < to && tally.violations.length < enough; seed++) {
    tally.runs++;
    try {
      const { requests, endless, endings } = await simulate(seed, product);
      tally.requests += requests;
      if (endless) tally.endless++;
      for (const { told } of endings) tally.told[told] = (tally.told[told] ?? 0) + 1;
    } catch (error) {
      if (!(error instanceof Violation)) throw new Error(`Seed ${seed} failed`, { cause: error });
      tally.violations.push({ seed, invariant: error.invariant, message: error.message });
    }
  }
  return tally;
}
