import type { BuildEvent } from "../build/report.ts";
import type { PromoteEvent } from "../publish/promote.ts";
import { isInterrupt } from "../error.ts";
import type { CliContext } from "./context.ts";
import { paint } from "./paint.ts";
import { formatBytes, formatCount, formatSeconds } from "./quantities.ts";
import { cut, visible } from "./text_width.ts";

type Told = BuildEvent | PromoteEvent;

export interface Progress {
  onEvent(event: Told): void;
  /** Takes the moving lines away; always called, whatever came of the build. */
  stop(): void;
}

interface Running {
  since: number;
  phase: string;
  rows?: number;
  sent?: number;
  bytes?: number;
}

/** How work on features is told on stderr: one moving line for each running feature on a terminal, plain lines elsewhere. */
export async function progress(context: CliContext, quiet: boolean): Promise<Progress> {
  if (quiet) return { onEvent() {}, stop() {} };
  return context.isTerminal.stderr ? await moving(context) : plain(context);
}

function plain(context: CliContext): Progress {
  const fetched = new Set<string>();
  return {
    onEvent(event) {
      const line = lineOf(event, context);
      if (line !== undefined) context.err(`${line}\n`);
      else if (event.kind === "fetching") {
        const first = event.features.filter((feature) => !fetched.has(feature));
        if (first.length > 0) context.err(`${first.join(", ")}: fetching sources\n`);
        for (const feature of first) fetched.add(feature);
      } else if (event.kind === "started") context.err(`${event.feature}: started\n`);
    },
    stop() {},
  };
}

async function moving(context: CliContext): Promise<Progress> {
  const running = new Map<string, Running>();
  let screen: { (text: string): void; clear(): void; done(): void } | undefined;
  let stopped = false;
  // 60 ms to import: the build goes on meanwhile, and one with nothing to do never needs it.
  let loading: Promise<void> | undefined;
  const load = () =>
    loading ??= Promise.all([import("log-update"), import("node:process")]).then(([update, process]) => {
      if (!stopped) screen = update.createLogUpdate(process.stderr);
    });
  const draw = () => {
    if (running.size === 0) return screen?.clear();
    const width = context.columns ?? 80;
    screen?.([...running].map(([feature, state]) => cut(runningLine(feature, state), width - 1)).join("\n"));
  };
  const timer = setInterval(draw, 100);
  return await Promise.resolve({
    onEvent(event) {
      if (event.kind === "fetching") {
        for (const feature of event.features) running.set(feature, fetching(event, running.get(feature)));
        void load();
      }
      if (event.kind === "started") {
        running.set(event.feature, { since: performance.now(), phase: "starting" });
        void load();
      }
      if (event.kind === "progress") {
        const { feature, kind: _kind, ...state } = event;
        running.set(feature, { since: running.get(feature)?.since ?? performance.now(), ...state });
      }
      if (event.kind === "built" || event.kind === "brought" || event.kind === "failed") {
        running.delete(event.feature);
      }
      const line = lineOf(event, context);
      if (line === undefined) return;
      screen?.clear();
      context.err(`${line}\n`);
      draw();
    },
    stop() {
      stopped = true;
      clearInterval(timer);
      screen?.clear();
      screen?.done();
    },
  });
}

function fetching({ bytes, total }: { bytes: number; total: number }, before: Running | undefined): Running {
  return { since: before?.since ?? performance.now(), phase: "fetching", sent: bytes, bytes: total };
}

function runningLine(feature: string, { since, phase, rows, sent, bytes }: Running): string {
  const parts = [`${feature}: ${phase}`];
  if (sent !== undefined && bytes !== undefined) {
    parts.push(`${formatBytes(sent)} of ${formatBytes(bytes)}`);
  }
  if (rows !== undefined) parts.push(`${formatCount(rows)} rows`);
  parts.push(`${((performance.now() - since) / 1000).toFixed(1)} s`);
  return parts.join(", ");
}

/** What stays to be read of an event, if anything. */
function lineOf(event: Told, { colour }: Pick<CliContext, "colour">): string | undefined {
  const { green, red, yellow } = paint(colour.stderr);
  switch (event.kind) {
    case "built": {
      const facts = `${formatCount(event.rows)} rows, ${formatBytes(event.bytes)}, ${
        formatSeconds(event.seconds)
      }`;
      return `${green("built")} ${event.feature} ${event.version}: ${facts}`.replace(" :", ":");
    }
    case "brought":
      return `${green("brought")} ${event.feature} ${event.version}: ${formatBytes(event.bytes)}, ${
        formatSeconds(event.seconds)
      }`;
    case "failed":
      return `${isInterrupt(event.error) ? "stopped" : red("failed")} ${event.feature}`;
    case "note":
      return `${yellow("note")} ${visible(event.text)}`;
    default:
      return undefined;
  }
}
