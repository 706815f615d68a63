/** Ways in which data comes to know too much, or too little, that are told by the values that they give. */
export const LEAKS = {
  bucket_start: "stamped with the bucket's start: it holds what happens in the interval after its stamp",
  reaches_beyond: "its window reaches one interval beyond its stamp",
  window_too_long: "its window begins one interval too early",
  closed_window: "it counts events at the very moment of its stamp",
  known_at: "it counts rows from their time on, known or not by then: known_at was ignored",
  same_time: "a row at the label's own time was taken, instead of one strictly before it",
  nearest: "the nearest row was taken, be it after the label's time",
  later: "the first row after the label's time was taken",
  beyond_data: "the label lies beyond the data, and got the last row all the same",
  too_old: "the row is older than the max-age that the lock names",
} as const;
export type Leak = keyof typeof LEAKS;
