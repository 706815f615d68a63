import { MlforgeError } from "../error.ts";
import { VERSION } from "../publish/read_meta.ts";

/** One feature as it is asked for. */
export interface Wanted {
  feature: string;
  /** The published one by default. */
  version?: string;
  /** Some of its columns, in this order; all by default. */
  columns?: string[];
}

/** `user_spend`, `user_spend@1.2.0`, `user_profile:age+country` or both; anything else is an error (code `usage`). */
export function parseWanted(text: string): Wanted {
  const match = /^([^@:]+)(?:@([^@:]*))?(?::([^@:]*))?$/.exec(text);
  const [, feature, version, list] = match ?? [];
  const columns = list?.split("+");
  const wrong = feature === undefined || (version !== undefined && !VERSION.test(version)) ||
    columns?.some((column) => column === "");
  if (wrong) {
    throw new MlforgeError("usage", `Can't read "${text}" as a feature`, {
      hint: "Write its name, name@version or name:column+column: user_spend@1.2.0, user_profile:age+country.",
    });
  }
  const twice = columns?.find((column, i) => columns.indexOf(column) !== i);
  if (twice !== undefined) {
    throw new MlforgeError("usage", `Column "${twice}" of feature "${feature}" is asked for twice`);
  }
  return {
    feature,
    ...(version === undefined ? {} : { version }),
    ...(columns === undefined ? {} : { columns }),
  };
}
