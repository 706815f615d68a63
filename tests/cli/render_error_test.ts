import assert from "node:assert/strict";
import { bugError, renderError } from "../../src/cli/render_error.ts";
import { MlforgeError, type Place } from "../../src/error.ts";

interface Outside {
  args?: string[];
  columns?: number;
  colour?: boolean;
  env?: Record<string, string>;
}

function render(error: MlforgeError, { args = [], columns, colour = false, env = {} }: Outside = {}): string {
  return renderError(error, {
    args,
    cwd: "/home/me/shop",
    columns,
    colour: { stdout: colour, stderr: colour },
    env: (name) => env[name],
  });
}

const place: Place = {
  file: "/home/me/shop/definitions.yaml",
  line: 14,
  column: 5,
  text: "    sqll: select 1",
};

Deno.test("an error shows what went wrong, where, and what to do", () => {
  const error = new MlforgeError("usage", 'Feature "a" has an unknown key "sqll"', {
    hint: 'Did you mean "sql"?',
    place,
  });
  assert.equal(
    render(error),
    `Error: Feature "a" has an unknown key "sqll"
  definitions.yaml:14:5
  14 |     sqll: select 1
     |     ^
  Did you mean "sql"?
`,
  );
});

Deno.test("all errors of one are shown, and counted", () => {
  const error = new MlforgeError("usage", "One", {
    others: [new MlforgeError("usage", "Two", { hint: "Do." })],
  });
  assert.equal(render(error), "Error: One\n\nError: Two\n  Do.\n\n2 errors\n");
});

Deno.test("a file outside the working folder has its whole path", () => {
  const error = new MlforgeError("usage", "Bad", {
    place: { file: "/home/me/shop2/x.yaml", line: 1, column: 1 },
  });
  assert.equal(render(error), "Error: Bad\n  /home/me/shop2/x.yaml:1:1\n");
});

Deno.test("the caret stands under its character after tabs and wide characters", () => {
  const text = "\tname: 名前 bad";
  const error = new MlforgeError("usage", "Bad", {
    place: { ...place, column: text.indexOf("bad") + 1, text },
  });
  const [, , line = "", caret = ""] = render(error).split("\n");
  assert.equal(line, "  14 |  name: 名前 bad");
  // Two characters of two columns each stand before it.
  assert.equal(caret.indexOf("^"), line.indexOf("bad") + 2);
});

Deno.test("a long line is shown around its place, within the terminal", () => {
  const text = "x".repeat(500) + "BAD" + "y".repeat(500);
  const error = new MlforgeError("usage", "Bad", { place: { ...place, column: 501, text } });
  const [, , line = "", caret = ""] = render(error, { columns: 60 }).split("\n");
  assert.ok(line.length <= 60, line);
  assert.equal(line.slice(caret.indexOf("^"), caret.indexOf("^") + 3), "BAD");
});

Deno.test("control characters of a message are shown, not obeyed", () => {
  assert.equal(render(new MlforgeError("usage", "Bad\x1b[2J\u202ename")), "Error: Bad\\x1b[2J\\u202ename\n");
});

Deno.test("with colour the same text is shown", () => {
  const error = new MlforgeError("usage", "Bad", { hint: "Do.", place });
  const coloured = render(error, { colour: true });
  assert.ok(coloured.includes("\x1b[31m"));
  // deno-lint-ignore no-control-regex
  assert.equal(coloured.replace(/\x1b\[\d+m/g, ""), render(error));
});

Deno.test("in GitHub Actions each error is an annotation on its line, escaped", () => {
  const error = new MlforgeError("failed", "50% of\nrows", {
    hint: "Look: here, there.",
    place: { ...place, file: "/home/me/shop/a,b:c.yaml" },
    others: [new MlforgeError("failed", "Two")],
  });
  const lines = render(error, { env: { GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: "/home/me" } }).split("\n");
  assert.deepEqual(lines.filter((line) => line.startsWith("::")), [
    "::error file=shop/a%2Cb%3Ac.yaml,line=14,col=5::50%25 of%0Arows%0ALook: here, there.",
    "::error::Two",
  ]);
});

Deno.test("causes are shown with --verbose only", () => {
  const error = new MlforgeError("failed", "Can't read", { cause: new Error("disk", { cause: "dust" }) });
  assert.equal(render(error), "Error: Can't read\n");
  const verbose = render(error, { args: ["--verbose"] });
  assert.match(verbose, /Caused by: Error: disk\n {6}at /);
  assert.match(verbose, /Caused by: dust\n$/);
  assert.equal(render(error, { args: ["--", "--verbose"] }), "Error: Can't read\n");
});

Deno.test("anything else that is thrown is a bug, in one line", () => {
  const error = bugError(new TypeError("x is not a function"));
  assert.equal(error.code, "failed");
  assert.match(
    render(error),
    /^Error: This is a bug in mlforge: TypeError: x is not a function\n {2}Please report it/,
  );
  const own = new MlforgeError("lost", "Lost");
  assert.equal(bugError(own), own);
});

Deno.test("what is a bug may hold anything: its message and its causes are shown without secrets", () => {
  const cause = new Error("GET https://user:canary@host/key?X-Amz-Signature=canary", {
    cause: new Error("Authorization: Bearer canary-token-0123456789"),
  });
  const shown = render(bugError(cause), { args: ["--verbose"] });
  assert.match(shown, /This is a bug in mlforge: Error: GET https:\/\/host\/key/);
  assert.doesNotMatch(shown, /canary/);
});
