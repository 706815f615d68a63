import { buildCommand, buildRouteMap, type RouteMap } from "@stricli/core";
// In the first graph, since loading it later takes longer than all that it does; the others are loaded when typed.
import "./commands/list.ts";
import type { CliContext } from "./context.ts";
import { COMMANDS, type Route, typedCommand } from "./routes.ts";

/** All routes; only the command that was typed is loaded, the others stand there with their names alone. */
export async function routes(args: readonly string[]): Promise<RouteMap<CliContext>> {
  const typed = typedCommand(args);
  const entries = COMMANDS.map(async (entry) =>
    [entry.name, entry === typed ? await entry.load() : placeholder(entry.brief)] as const
  );
  return buildRouteMap<string, CliContext>({
    routes: Object.fromEntries(await Promise.all(entries)),
    docs: { brief: "A feature store as one file" },
  });
}

function placeholder(brief: string): Route {
  return buildCommand({ func: () => {}, parameters: {}, docs: { brief } });
}
