import type { Place } from "../error.ts";
import type { Form } from "./schema.ts";

/** Definitions as a person wrote them, in one shape for both forms, and the place of each part. */
export interface RawDefinitions {
  form: Form;
  /** Absolute path. */
  file: string;
  value: unknown;
  placeOf(path: readonly (string | number)[], part: "key" | "value"): Place;
}
