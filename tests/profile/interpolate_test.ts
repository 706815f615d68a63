import assert from "node:assert/strict";
import fc from "fast-check";
import { MlforgeError } from "../../src/error.ts";
import { interpolate } from "../../src/profile/interpolate.ts";
import omegaconf from "./omegaconf.json" with { type: "json" };

const place = { file: "mlforge.yaml", line: 3, column: 5 };
const environment: Record<string, string> = omegaconf.environment;

function fill(text: string, env: Record<string, string> = environment): string {
  const lookup = (name: string) => Object.hasOwn(env, name) ? env[name] : undefined;
  return interpolate(text, lookup, { what: '"bucket" of profile "production"', place });
}

function refusal(text: string): MlforgeError {
  try {
    fill(text);
  } catch (error) {
    assert(error instanceof MlforgeError, String(error));
    assert.equal(error.code, "usage");
    assert.deepEqual(error.place, place);
    assert.match(error.hint ?? "", /\.$/);
    return error;
  }
  assert.fail(`${text} was read`);
}

Deno.test("interpolate() reads texts as OmegaConf does", () => {
  for (const [text, expected] of omegaconf.cases as [string, string | null][]) {
    if (expected === null) refusal(text);
    else assert.equal(fill(text), expected, text);
  }
});

Deno.test("interpolate() leaves a text without variables as it is, backslashes included", () => {
  for (const text of ["", "a", "\\\\", "$A", "{a}", "a\\b", "'a'"]) assert.equal(fill(text), text);
});

Deno.test("interpolate() writes bare numbers and booleans as Python does", () => {
  const cases: [string, string][] = [
    ["False", "False"],
    ["TRUE", "True"],
    ["-0", "0"],
    ["-0.0", "-0.0"],
    ["1e15", "1000000000000000.0"],
    ["1e16", "1e+16"],
    ["-1.5e300", "-1.5e+300"],
    ["0.0001", "0.0001"],
    ["0.00001", "1e-05"],
    ["1e999", "inf"],
    ["-1e999", "-inf"],
    ["-INF", "-inf"],
    ["+nan", "nan"],
  ];
  for (const [bare, text] of cases) assert.equal(fill(`\${oc.env:Z,${bare}}`), text, bare);
});

const IN = 'in "bucket" of profile "production"';
const REFUSED: [string, string, RegExp][] = [
  ["${foo.bar}", `Interpolation "\${foo.bar}" is not known ${IN}`, /Only \$\{oc\.env:NAME\}/],
  ["${oc.decode:${oc.env:A}}", `Interpolation "\${oc.decode:\${oc.env:A}" is not known ${IN}`, /\\\$\{/],
  ["${env:A}", `Interpolation "\${env:A}" is not known ${IN}`, /oc\.env/],
  ["a ${", `Interpolation "\${" is not known ${IN}`, /oc\.env/],
  ["${oc.env}", `Interpolation "\${oc.env}" is not known ${IN}`, /oc\.env:NAME/],
  ["x${oc.env:A", `"\${oc.env:A" is not closed ${IN}`, /}/],
  ["${oc.env:}", `"\${oc.env:}" names no variable ${IN}`, /NAME/],
  ["${oc.env:,a}", `"\${oc.env:,a}" names no variable ${IN}`, /NAME/],
  ["${oc.env:12,a}", `"\${oc.env:12,a}" names no variable ${IN}`, /NAME/],
  ["${oc.env:null}", `"\${oc.env:null}" names no variable ${IN}`, /NAME/],
  ["${oc.env:Z,a,b}", `"\${oc.env:Z,a,b}" has more than one default ${IN}`, /in quotes/],
  ["${oc.env:Z,null}", `"\${oc.env:Z,null}" has null as its default ${IN}`, /default empty/],
  ["${oc.env:Z,[a]}", `A list or a mapping is given as a default ${IN}`, /in quotes/],
  ["${oc.env:Z,{a: b}}", `A list or a mapping is given as a default ${IN}`, /in quotes/],
  ["${oc.env:Z,a=b}", `"=" can't stand in a default without quotes ${IN}`, /in quotes/],
  ["${oc.env:Z,it's}", `"'" can't stand in a default without quotes ${IN}`, /in quotes/],
  ["${oc.env:Z,'a}", `Quote ' is opened and not closed ${IN}`, /Close it/],
  ["${oc.env:Z,'a'b}", `"b" follows after a quoted default ${IN}`, /in quotes/],
  ["${oc.env:Z,'a'", `"\${oc.env:Z,'a'" is not closed ${IN}`, /}/],
];
for (const [text, message, hint] of REFUSED) {
  Deno.test(`interpolate() refuses ${text}`, () => {
    const error = refusal(text);
    assert.equal(error.message, message);
    assert.match(error.hint ?? "", hint);
  });
}

Deno.test("interpolate() names a missing variable, and what needs it", () => {
  const error = refusal("x-${oc.env:PROD_BUCKET}");
  assert.equal(
    error.message,
    'Environment variable "PROD_BUCKET" is not set, and "bucket" of profile "production" needs it',
  );
  assert.equal(error.hint, "Set it, or give a default: ${oc.env:PROD_BUCKET,default}.");
});

Deno.test("interpolate() never asks for a name that no variable can have", () => {
  const env = (name: string) => assert.fail(`asked for "${name}"`);
  assert.equal(interpolate("${oc.env:'A=B',x}", env, { what: "a test" }), "x");
  assert.equal(interpolate("${oc.env:'A\0B',x}", env, { what: "a test" }), "x");
});

Deno.test("interpolate() reads 32 nested defaults, and refuses what would overflow the stack", () => {
  const nest = (depth: number) => "${oc.env:Z,".repeat(depth) + "x" + "}".repeat(depth);
  assert.equal(fill(nest(32)), "x");
  assert.match(refusal(nest(33)).message, /^Too many defaults are nested/);
  assert.match(refusal(nest(90_000)).message, /^Too many defaults are nested/);
  // One after the other they are not nested.
  assert.equal(fill("${oc.env:A}".repeat(100)), "va".repeat(100));
});

/** Escapes a text so that interpolate() gives it back: backslashes count only before `${`. */
const escapeText = (text: string) => text.replace(/(\\*)\$\{/g, (_, slashes) => `${slashes}${slashes}\\\${`);
/** The same for a text in single quotes: before its quotes, and at its end, backslashes count too. */
const escapeQuoted = (text: string) =>
  text.replace(
    /(\\*)(\$\{|'|$)/g,
    (_, slashes, special) => slashes + slashes + (special === "" ? "" : `\\${special}`),
  );
/** And for one without quotes, of letters that may stand there. */
const escapeBare = (text: string) => text.replace(/[\\()[\]{}:=, \t]/g, "\\$&");

const lively = (letters: string) => fc.string({ unit: fc.constantFrom(...letters), maxLength: 20 });

Deno.test("interpolate() gives any text back that is escaped", () => {
  fc.assert(fc.property(lively("\\${}'\"a:, "), (text) => {
    const written = "${oc.env:E}" + escapeText(text);
    assert.equal(fill(written), text);
  }));
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      (text) => assert.equal(fill("${oc.env:E}" + escapeText(text)), text),
    ),
  );
});

Deno.test("interpolate() gives any quoted default back that is escaped", () => {
  fc.assert(fc.property(lively("\\${}'\"a:, \n"), (text) => {
    assert.equal(fill(`\${oc.env:Z,'${escapeQuoted(text)}'}`), text);
  }));
});

Deno.test("interpolate() gives any bare default back that is escaped", () => {
  fc.assert(fc.property(lively("\\ab_/-+.$%*@?|()[]{}:=, \t"), (text) => {
    // Escaped braces part "$" from "{" no more than "\\$" would.
    fc.pre(!text.includes("${"));
    assert.equal(fill(`\${oc.env:Z,${escapeBare(text)}}`), text);
  }));
});

Deno.test("interpolate() gives what a variable holds, whatever it holds, wherever it stands", () => {
  fc.assert(fc.property(lively("\\${}'\"a:, \n"), (value) => {
    const env = { V: value };
    assert.equal(fill("<${oc.env:V}>", env), `<${value}>`);
    assert.equal(fill("<${oc.env:Z, ${oc.env:V} }>", env), `<${value}>`);
    assert.equal(fill("<${oc.env:Z,'${oc.env:V}'}>", env), `<${value}>`);
    assert.equal(fill("<${oc.env:V,other}>", env), `<${value}>`);
  }));
});
