/**
 * What `import ... from "mlforge"` gives: the words that definitions in TypeScript are written with.
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
