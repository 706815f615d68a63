import { MlforgeError } from "../error.ts";

/** What labels can come in, and DuckDB's function that reads it. */
export const READERS = { parquet: "read_parquet", csv: "read_csv", json: "read_json" } as const;
export type LabelFormat = keyof typeof READERS;

const LABEL_ENDINGS: Record<string, LabelFormat> = {
  ".parquet": "parquet",
  ".csv": "csv",
  ".tsv": "csv",
  ".json": "json",
  ".jsonl": "json",
  ".ndjson": "json",
};

export const OUTPUT_FORMATS = ["parquet", "csv", "arrow"] as const;
export type OutputFormat = typeof OUTPUT_FORMATS[number];

const OUTPUT_ENDINGS: Record<string, OutputFormat> = {
  ".parquet": "parquet",
  ".csv": "csv",
  ".arrow": "arrow",
  ".arrows": "arrow",
};

/** Whether it ends as files of labels do. */
export function isLabelFile(name: string): boolean {
  return Object.keys(LABEL_ENDINGS).some((ending) => name.toLowerCase().endsWith(ending));
}

/** By the file's ending. */
export function labelFormatOf(file: string): LabelFormat {
  return formatOf(
    file,
    LABEL_ENDINGS,
    `Can't tell the format of the labels "${file}"`,
    "Give them in a file",
  );
}

/** By the file's ending. */
export function outputFormatOf(file: string): OutputFormat {
  return formatOf(file, OUTPUT_ENDINGS, `Can't write "${file}"`, "Name a file");
}

function formatOf<T>(file: string, endings: Record<string, T>, what: string, how: string): T {
  const ending = /\.[^./\\]*$/.exec(file)?.[0].toLowerCase() ?? "";
  const found = endings[ending];
  if (found !== undefined) return found;
  throw new MlforgeError("usage", what, {
    hint: `${how} that ends in ${Object.keys(endings).join(", ")}, or say its format.`,
  });
}
