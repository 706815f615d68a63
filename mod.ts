/**
 * What `import ... from "mlforge"` gives: the words that definitions in TypeScript are written with, and `retrieve` for
 * programs.
 *
 * @module
 */
export {
  check,
  Definitions,
  entity,
  feature,
  GCSStore,
  LocalStore,
  rolling,
  S3Store,
  source,
} from "./src/definitions/authoring.ts";
export type {
  CheckDefinition,
  CheckOptions,
  DefinitionsOptions,
  EntityDefinition,
  EntityOptions,
  FeatureDefinition,
  FeatureOptions,
  GcsStoreOptions,
  RollingDefinition,
  RollingOptions,
  S3StoreOptions,
  SourceDefinition,
  SourceOptions,
} from "./src/definitions/authoring.ts";
export type { Aggregation, SourceFormat, TransformFunction } from "./src/definitions/model.ts";

import { lazily } from "./src/lazy.ts";
import type { RetrieveOptions } from "./src/retrieve/library.ts";
import type { RetrieveReport } from "./src/retrieve/retrieve.ts";
export type { RetrieveOptions, RetrieveReport };

/**
 * Joins features to labels as they were known at each label's time, and writes a file of both: `mlforge retrieve` for
 * programs. docs/training-data.md says what a label gets.
 *
 * ```ts
 * import { retrieve } from "mlforge";
 *
 * const { rows } = await retrieve({
 *   labels: "labels.parquet",
 *   features: ["user_spend", "user_profile:age+country"],
 *   time: "label_time",
 *   output: "train.parquet",
 * });
 * ```
 */
export async function retrieve(options: RetrieveOptions): Promise<RetrieveReport> {
  // Definitions import this module, and need none of it.
  const library = await lazily<typeof import("./src/retrieve/library.ts")>(
    "./src/retrieve/library.ts",
    import.meta.url,
  );
  return await library.retrieveFrom(options);
}
