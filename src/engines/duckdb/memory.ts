/** What DuckDB may take where nobody says: four fifths of this machine's memory. In bytes. */
export function usualMemory(): number {
  return Math.floor(Deno.systemMemoryInfo().total * 0.8);
}
