import { processContext } from "./src/cli/process_context.ts";
import { reportUnawaited, run } from "./src/cli/run.ts";

const context = processContext(Deno.args, Deno.exit);
reportUnawaited(context, Deno.exit);
Deno.exit(await run(context));
