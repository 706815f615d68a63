import type { Contestant } from "./paired.ts";

/** Runs a contestant; the most memory that it held at once, in bytes, as Linux has counted it to within 20 ms of its end. */
export async function peakMemory({ command: [program = "", ...args], cwd }: Contestant): Promise<number> {
  const child = new Deno.Command(program, {
    args,
    stdout: "null",
    stderr: "null",
    ...(cwd === undefined ? {} : { cwd }),
  }).spawn();
  let peak = 0;
  const timer = setInterval(() => {
    try {
      const status = Deno.readTextFileSync(`/proc/${child.pid}/status`);
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // It has ended.
    }
  }, 20);
  await child.status;
  clearInterval(timer);
  return peak;
}
