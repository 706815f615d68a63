/** One thing to time: a whole process, from its start to its end. */
export interface Contestant {
  name: string;
  command: string[];
  env?: Record<string, string>;
  cwd?: string;
  /** Before each run, not timed. */
  before?: () => Promise<void>;
  /** Whether it prints the processor's seconds that it took: beside other work they say more than those on the clock. */
  printsCpu?: boolean;
}

/**
 * Runs contestants in turn (A B A B ...) after a round to warm up, and prints each one's seconds, its ratio to the
 * first one within the same round, and how many seconds it is over that: minimum, median, maximum. Machines are noisy, so
 * only what is compared within a round is worth quoting.
 */
export async function compare(title: string, contestants: readonly Contestant[], rounds = 5): Promise<void> {
  const seconds = contestants.map((): number[] => []);
  const cpu = contestants.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [i, contestant] of contestants.entries()) {
      const time = await timed(contestant);
      if (round < 0) continue;
      seconds[i]?.push(time.seconds);
      if (time.cpu !== undefined) cpu[i]?.push(time.cpu);
    }
  }
  console.log(`\n${title} (${rounds} rounds)`);
  const print = (name: string, own: readonly number[], first: readonly number[] = []) => {
    const ratios = own.map((time, round) => time / (first[round] ?? NaN));
    const over = own.map((time, round) => time - (first[round] ?? NaN));
    const compared = own === first ? "" : `   ratio ${spread(ratios)}   over ${spread(over)} s`;
    console.log(`  ${name.padEnd(44)} ${spread(own)} s${compared}`);
  };
  contestants.forEach(({ name }, i) => {
    print(name, seconds[i] ?? [], seconds[0]);
    if ((cpu[i] ?? []).length > 0) print("  of the processor", cpu[i] ?? [], cpu[0]);
  });
}

async function timed(
  { command: [program = "", ...args], env, cwd, before, printsCpu = false }: Contestant,
): Promise<{ seconds: number; cpu?: number }> {
  await before?.();
  const command = new Deno.Command(program, {
    args,
    stdout: printsCpu ? "piped" : "null",
    stderr: "piped",
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
  });
  const start = performance.now();
  const output = await command.output();
  const seconds = (performance.now() - start) / 1000;
  const { code, stderr } = output;
  if (code !== 0) {
    throw new Error(`${program} ${args.join(" ")} ended with ${code}: ${new TextDecoder().decode(stderr)}`);
  }
  return printsCpu ? { seconds, cpu: Number(new TextDecoder().decode(output.stdout)) } : { seconds };
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (q: number) => (sorted[Math.round(q * (sorted.length - 1))] ?? NaN).toFixed(3);
  return `${at(0)} / ${at(0.5)} / ${at(1)}`;
}
