/** Which rows of a feature failed: what its transform gave, its own, or its own by what they refer to. */
const KINDS = ["input", "output", "references"] as const;

/** Name of the Parquet file of rows that failed. A feature's name has no dot. */
export function failingFile(feature: string, kind: typeof KINDS[number]): string {
  return `${feature}.${kind}.parquet`;
}

export function isFailingFile(name: string): boolean {
  return KINDS.some((kind) => name.endsWith(`.${kind}.parquet`));
}
