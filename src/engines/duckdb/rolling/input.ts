import { type Aggregation, AGGREGATIONS } from "../../../definitions/model.ts";
import { MlforgeError } from "../../../error.ts";
import { suggestName } from "../../../nearest.ts";
import type { MetricTask } from "../../task.ts";
import type { Column } from "../types.ts";

/** What an aggregation can do with a type depends on this. */
export type Kind = "float" | "integer" | "decimal" | "time" | "text" | "enum" | "uuid" | "other";

/** A column that metrics are made of. */
export interface Input {
  name: string;
  type: string;
  kind: Kind;
  /** Digits after a decimal's point, else 0. */
  scale: number;
  asked: ReadonlySet<Aggregation>;
}

const INTEGERS = /^(BOOLEAN|U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT))$/;
const TIMES = /^(DATE|TIME|TIMESTAMP(_S|_MS|_NS)?|TIMESTAMP WITH TIME ZONE)$/;

export function kindOf(type: string): Kind {
  if (type === "FLOAT" || type === "DOUBLE") return "float";
  if (INTEGERS.test(type)) return "integer";
  if (type.startsWith("DECIMAL(") && type.endsWith(")")) return "decimal";
  if (TIMES.test(type)) return "time";
  if (type === "VARCHAR" || type === "JSON") return "text";
  if (type.startsWith("ENUM(") && type.endsWith(")")) return "enum";
  return type === "UUID" ? "uuid" : "other";
}

const NUMBERS: readonly Aggregation[] = ["sum", "mean", "std", "median"];

function accepts(kind: Kind, aggregation: Aggregation): boolean {
  if (aggregation === "count") return true;
  if (NUMBERS.includes(aggregation)) return kind === "float" || kind === "integer" || kind === "decimal";
  return kind !== "other";
}

/** The columns that the metrics are made of, each once; throws where an aggregation can't take its column's type. */
export function inputsOf(metrics: readonly MetricTask[], columns: readonly Column[]): Input[] {
  const asked = new Map<string, Set<Aggregation>>();
  for (const { input, aggregation } of metrics) {
    if (input === "*") continue;
    asked.set(input, (asked.get(input) ?? new Set()).add(aggregation));
  }
  return [...asked].map(([name, aggregations]) => {
    const column = columns.find((c) => c.name === name);
    if (column === undefined) {
      throw new MlforgeError("usage", `There is no column "${name}" to make metrics of`, {
        hint: suggestName(name, columns.map((c) => c.name)),
      });
    }
    const kind = kindOf(column.type);
    for (const aggregation of aggregations) {
      if (!accepts(kind, aggregation)) throw refusal(column, kind, aggregation);
    }
    const scale = kind === "decimal" ? Number(/,(\d+)\)$/.exec(column.type)?.[1]) : 0;
    return { name, type: column.type, kind, scale, asked: aggregations };
  });
}

function refusal({ name, type }: Column, kind: Kind, aggregation: Aggregation): MlforgeError {
  const possible = AGGREGATIONS.filter((a) => accepts(kind, a)).join(", ");
  const shown = type.length > 60 ? `${type.slice(0, 57)}...` : type;
  const cast = NUMBERS.includes(aggregation) ? "a number" : "text or a number";
  return new MlforgeError(
    "usage",
    `Can't take ${aggregation} of column "${name}", which is of type ${shown}`,
    {
      hint: `Cast it to ${cast} in the feature's SQL, or take one of: ${possible}.`,
    },
  );
}
