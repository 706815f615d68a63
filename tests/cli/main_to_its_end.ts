/** The binary's start, from source and without Deno.exit: Deno 2.4 writes DENO_COVERAGE_DIR only where a process ends by itself. */
Object.defineProperty(Deno, "exit", { value: (code: number) => void (Deno.exitCode = code) });
await import("../../src/cli/standalone.ts");
