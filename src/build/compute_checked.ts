import { checkName } from "../definitions/checks/model.ts";
import { checkError, type CheckResult } from "../engines/duckdb/checks/result.ts";
import type { MlforgeError } from "../error.ts";
import type { Publisher, Snapshot } from "../publish/publisher.ts";
import type { Done } from "../workers/messages.ts";
import { baselinesOf } from "./baselines.ts";
import { type Computable, compute, type ComputeRequest } from "./compute.ts";
import { checkReferences } from "./references.ts";

export interface Computed {
  done: Map<string, Done>;
  errors: Map<string, MlforgeError>;
  /** Checks of severity `warn` that failed. */
  warnings: MlforgeError[];
  /** Checks that had nothing to compare with. */
  notes: string[];
}

/** Computes the work, with all its checks: those too that look at what is published, or at what came of other features. */
export async function computeChecked(
  work: readonly Computable[],
  request: ComputeRequest,
  batch: { tx: string; folder: string },
  moment: { snapshot: Snapshot; publisher: Publisher },
): Promise<Computed> {
  const whole = await Promise.all(work.map(async (item) => ({
    ...item,
    baselines: await baselinesOf(item.feature, moment),
  })));
  const { done, errors } = await compute(whole, request, batch);
  await checkReferences(work.map(({ feature }) => feature), { done, errors }, {
    ...moment,
    ...(request.keepFailing ? { failingFolder: batch.folder } : {}),
  });
  const results = [...done.values()].flatMap(({ built: { feature, checks } }) =>
    checks.map((result): [string, CheckResult] => [feature, result])
  );
  return {
    done,
    errors,
    warnings: results.filter(([, { passed }]) => !passed).map(([feature, result]) =>
      checkError(feature, result)
    ),
    notes: results.flatMap(([feature, { check, skipped }]) =>
      skipped === undefined ? [] : [`${feature}: ${checkName(check)} has nothing to compare with: ${skipped}`]
    ),
  };
}
