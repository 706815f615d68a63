/** The tool's version; `deno.json` holds the same, and a test compares them. */
export const VERSION = "0.1.0";

/** Counts mlforge's own semantics: part of every config_hash, raised when the same definition means other data. */
export const SEMANTICS = 1;
