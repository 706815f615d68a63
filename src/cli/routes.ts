import type { Command, RouteMap } from "@stricli/core";
import { lazily } from "../lazy.ts";
import type { CliContext } from "./context.ts";

export type Route = Command<CliContext> | RouteMap<CliContext>;

/** A command of the table: its file is loaded when it is the one typed. */
export interface CommandEntry {
  name: string;
  group: "Build" | "Read" | "Versions" | "Project";
  brief: string;
  /** The exit code of every failure, wrong use included, where the command answers in codes of its own. */
  failureCode?: number;
  load(): Promise<Route>;
}

/** Every command, in the order of `mlforge --help`. Adding one is a file in commands/ and an entry here. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "build",
    group: "Build",
    brief: "Compute what changed, and publish it",
    load: async () =>
      (await lazily<typeof import("./commands/build.ts")>("./commands/build.ts", import.meta.url)).build,
  },
  {
    name: "validate",
    group: "Build",
    brief: "Check definitions without building",
    load: async () =>
      (await lazily<typeof import("./commands/validate.ts")>("./commands/validate.ts", import.meta.url))
        .validate,
  },
  {
    name: "sync",
    group: "Build",
    brief: "Bring back the data that a clone came without",
    load: async () =>
      (await lazily<typeof import("./commands/sync.ts")>("./commands/sync.ts", import.meta.url)).sync,
  },
  {
    name: "promote",
    group: "Build",
    brief: "Bring published versions from one store to another",
    load: async () =>
      (await lazily<typeof import("./commands/promote.ts")>("./commands/promote.ts", import.meta.url))
        .promote,
  },
  {
    name: "test",
    group: "Build",
    brief: "Test features on rows that you write",
    load: async () =>
      (await lazily<typeof import("./commands/test.ts")>("./commands/test.ts", import.meta.url)).test,
  },
  {
    name: "list",
    group: "Read",
    brief: "List features, entities, sources or versions",
    load: async () =>
      (await lazily<typeof import("./commands/list.ts")>("./commands/list.ts", import.meta.url)).list,
  },
  {
    name: "inspect",
    group: "Read",
    brief: "Show all that is known of a feature, entity or source",
    load: async () =>
      (await lazily<typeof import("./commands/inspect.ts")>("./commands/inspect.ts", import.meta.url))
        .inspect,
  },
  {
    name: "show",
    group: "Read",
    brief: "Show rows of a feature, of a key, as of a time",
    load: async () =>
      (await lazily<typeof import("./commands/show.ts")>("./commands/show.ts", import.meta.url)).show,
  },
  {
    name: "path",
    group: "Read",
    brief: "Print where a feature's Parquet file is",
    load: async () =>
      (await lazily<typeof import("./commands/path.ts")>("./commands/path.ts", import.meta.url)).path,
  },
  {
    name: "retrieve",
    group: "Read",
    brief: "Join features to labels as they were known at each label's time",
    load: async () =>
      (await lazily<typeof import("./commands/retrieve.ts")>("./commands/retrieve.ts", import.meta.url))
        .retrieve,
  },
  {
    name: "audit",
    group: "Read",
    brief: "Hold what was built against what the raw sources say",
    load: async () =>
      (await lazily<typeof import("./commands/audit.ts")>("./commands/audit.ts", import.meta.url))
        .auditRoutes,
  },
  {
    name: "manifest",
    group: "Read",
    brief: "Print all published features with their metadata, as one document",
    load: async () =>
      (await lazily<typeof import("./commands/manifest.ts")>("./commands/manifest.ts", import.meta.url))
        .manifest,
  },
  {
    name: "diff",
    group: "Versions",
    brief: "Show what differs between versions, or from the definitions",
    failureCode: 4,
    load: async () =>
      (await lazily<typeof import("./commands/diff.ts")>("./commands/diff.ts", import.meta.url)).diff,
  },
  {
    name: "rollback",
    group: "Versions",
    brief: "Publish earlier versions again, together",
    load: async () =>
      (await lazily<typeof import("./commands/rollback.ts")>("./commands/rollback.ts", import.meta.url))
        .rollback,
  },
  {
    name: "retire",
    group: "Versions",
    brief: "Publish features no more; their data stays",
    load: async () =>
      (await lazily<typeof import("./commands/retire.ts")>("./commands/retire.ts", import.meta.url)).retire,
  },
  {
    name: "log",
    group: "Versions",
    brief: "Show which builds published what, newest first",
    load: async () =>
      (await lazily<typeof import("./commands/log.ts")>("./commands/log.ts", import.meta.url)).log,
  },
  {
    name: "verify",
    group: "Versions",
    brief: "Look for damage in the store, and mend it",
    load: async () =>
      (await lazily<typeof import("./commands/verify.ts")>("./commands/verify.ts", import.meta.url)).verify,
  },
  {
    name: "gc",
    group: "Versions",
    brief: "Delete data that nothing names, and old versions",
    load: async () =>
      (await lazily<typeof import("./commands/gc.ts")>("./commands/gc.ts", import.meta.url)).gc,
  },
  {
    name: "init",
    group: "Project",
    brief: "Make a small project that builds at once",
    load: async () =>
      (await lazily<typeof import("./commands/init.ts")>("./commands/init.ts", import.meta.url)).init,
  },
  {
    name: "profile",
    group: "Project",
    brief: "Show the profile in use and its store",
    load: async () =>
      (await lazily<typeof import("./commands/profile.ts")>("./commands/profile.ts", import.meta.url))
        .profile,
  },
  {
    name: "schema",
    group: "Project",
    brief: "Print the JSON Schema of a file that you write",
    load: async () =>
      (await lazily<typeof import("./commands/schema.ts")>("./commands/schema.ts", import.meta.url)).schema,
  },
  {
    name: "completion",
    group: "Project",
    brief: "Print a script that completes commands in a shell",
    load: async () =>
      (await lazily<typeof import("./commands/completion.ts")>("./commands/completion.ts", import.meta.url))
        .completion,
  },
];

/** The command's entry that was typed, if it is one. */
export function typedCommand(args: readonly string[]): CommandEntry | undefined {
  const name = args.find((arg) => !arg.startsWith("-"));
  return COMMANDS.find((entry) => entry.name === name);
}
