import * as v from "valibot";

/** Text of at least one character, without control characters: they could fool a terminal or a file system. */
export const text = v.pipe(
  v.string(),
  v.nonEmpty("must not be empty"),
  // deno-lint-ignore no-control-regex
  v.regex(/^[^\u0000-\u001f\u007f]*$/u, "must not hold control characters"),
);
/** Text that may have line ends. */
export const lines = v.pipe(v.string(), v.regex(/\S/, "must not be empty"));
export const texts = v.pipe(
  v.array(text),
  v.minLength(1, "must not be empty"),
  v.check((all) => new Set(all).size === all.length, "must not name anything twice"),
);
