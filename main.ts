import { processContext } from "./src/cli/process_context.ts";
import { bugError, renderError } from "./src/cli/render_error.ts";
import { run } from "./src/cli/run.ts";

const context = processContext(Deno.args, Deno.exit);

// What nobody awaited is a bug too, and must not end in a bare trace.
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  context.err(renderError(bugError(event.reason), context));
  Deno.exit(1);
});

Deno.exit(await run(context));
