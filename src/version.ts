/** The tool's version; `deno.json` holds the same, and a test compares them. */
export const VERSION = "0.1.0";

/** Counts mlforge's own semantics: part of every config_hash, raised when the same definition means other data. */
export const SEMANTICS = 1;

/** The engine that makes the bytes: part of metadata and locks, since another version of it may write others. */
export const ENGINE = "duckdb 1.5.5";
