/**
 * The binary's start: what main.ts is from source. There the command line, loaded on use, would be looked up a second time
 * (8 ms for every command); here it is a file of its own, which --help and --version go without (10 ms of theirs).
 */
import { answerAtOnce } from "./about.ts";
import { processContext } from "./process_context.ts";

const context = processContext(Deno.args, Deno.exit);
Deno.exit(answerAtOnce(context) ? 0 : await commandLine());

async function commandLine(): Promise<number> {
  const { reportUnawaited, run } = await import("./run.ts");
  reportUnawaited(context, Deno.exit);
  return await run(context);
}
