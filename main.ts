import { answerAtOnce } from "./src/cli/about.ts";
import { processContext } from "./src/cli/process_context.ts";

const context = processContext(Deno.args, Deno.exit);
Deno.exit(answerAtOnce(context) ? 0 : await commandLine());

async function commandLine(): Promise<number> {
  const { reportUnawaited, run } = await import("./src/cli/run.ts");
  reportUnawaited(context, Deno.exit);
  return await run(context);
}
