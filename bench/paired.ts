/** One thing to time: a whole process, from its start to its end. */
export interface Contestant {
  name: string;
  command: string[];
  env?: Record<string, string>;
  cwd?: string;
  /** Before each run, not timed. */
  before?: () => Promise<void>;
}

/**
 * Runs contestants in turn (A B A B ...) after a round to warm up, and prints each one's seconds and its ratio to the
 * first one within the same round: minimum, median, maximum. Machines are noisy, so only the ratios are worth quoting.
 */
export async function compare(title: string, contestants: readonly Contestant[], rounds = 5): Promise<void> {
  const seconds = contestants.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [i, contestant] of contestants.entries()) {
      const time = await timed(contestant);
      if (round >= 0) seconds[i]?.push(time);
    }
  }
  console.log(`\n${title} (${rounds} rounds)`);
  contestants.forEach(({ name }, i) => {
    const own = seconds[i] ?? [];
    const ratios = own.map((time, round) => time / (seconds[0]?.[round] ?? 1));
    console.log(`  ${name.padEnd(44)} ${spread(own)} s   ratio ${spread(ratios)}`);
  });
}

async function timed({ command: [program = "", ...args], env, cwd, before }: Contestant): Promise<number> {
  await before?.();
  const command = new Deno.Command(program, {
    args,
    stdout: "null",
    stderr: "piped",
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
  });
  const start = performance.now();
  const { code, stderr } = await command.output();
  const time = (performance.now() - start) / 1000;
  if (code !== 0) {
    throw new Error(`${program} ${args.join(" ")} ended with ${code}: ${new TextDecoder().decode(stderr)}`);
  }
  return time;
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (q: number) => (sorted[Math.round(q * (sorted.length - 1))] ?? NaN).toFixed(3);
  return `${at(0)} / ${at(0.5)} / ${at(1)}`;
}
