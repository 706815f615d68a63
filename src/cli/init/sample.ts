/** Users of the sample, and days of its orders. */
const USERS = 25;
const DAYS = 60;
const FIRST_DAY = Date.UTC(2026, 0, 1);

/** Orders of a small shop as CSV: a few hundred rows, the same ones every time. */
export function sampleOrders(): string {
  const lines = ["user_id,ordered_at,amount,category"];
  const categories = ["books", "games", "music", "tools"];
  const next = numbers(7);
  for (let day = 0; day < DAYS; day++) {
    const times = Array.from({ length: 4 + next(8) }, () => next(86_400)).sort((a, b) => a - b);
    for (const second of times) {
      const at = new Date(FIRST_DAY + (day * 86_400 + second) * 1000).toISOString().slice(0, 19).replace(
        "T",
        " ",
      );
      // Some users order more than others.
      const user = 1 + Math.min(next(USERS), next(USERS));
      const cents = 300 + next(9_700);
      lines.push([user, at, (cents / 100).toFixed(2), categories[next(categories.length)]].join(","));
    }
  }
  return lines.join("\n") + "\n";
}

/** Whole numbers below a limit: the Lehmer generator of Park and Miller, 1988 (48271). */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = state * 48271 % 2147483647;
    return state % limit;
  };
}
