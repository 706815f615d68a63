import { MlforgeError } from "../error.ts";

/** An SDK's error that may be seen, with the HTTP status of the answer, where there was one. */
export interface Cause extends Error {
  status?: number;
}

/** Whether the store answered that this identity may not do this. */
export function isForbidden(error: unknown): boolean {
  return error instanceof MlforgeError && error.cause instanceof Error &&
    Reflect.get(error.cause, "status") === 403;
}

/**
 * An SDK's error as far as anyone may see it: name, code, status, request id and message without secrets. The error itself
 * holds requests with their signed headers, and must not become anybody's cause. Causes below it are cleaned as well.
 */
export function cleanCause(thrown: unknown): Cause {
  return clean(thrown, 0);
}

/** Causes that go deeper tell nothing more; and they may go in a circle. */
const DEEPEST = 4;

function clean(thrown: unknown, depth: number): Cause {
  const fields = new Map<string, unknown>();
  if (typeof thrown === "object" && thrown !== null) {
    for (const field of ["name", "message", "code", "status", "$metadata", "errors", "cause", "stack"]) {
      // A getter of an SDK's error may throw.
      try {
        fields.set(field, Reflect.get(thrown, field));
      } catch {
        continue;
      }
    }
  }
  const name = text(fields.get("name")) ?? "Error";
  const facts = factsOf(fields).join(", ");
  const said = withoutSecrets(messageOf(thrown, fields, name));
  const message = facts === "" ? said : `${said} (${facts})`;
  const cause = fields.get("cause");
  const cleaned: Cause = new Error(
    message,
    cause === undefined || cause === null || depth === DEEPEST
      ? undefined
      : { cause: clean(cause, depth + 1) },
  );
  cleaned.name = name;
  const status = statusOf(fields);
  if (status !== undefined) cleaned.status = status;
  cleaned.stack = [`${name}: ${message}`, ...framesOf(fields.get("stack"))].join("\n");
  return cleaned;
}

function messageOf(thrown: unknown, fields: ReadonlyMap<string, unknown>, name: string): string {
  if (typeof thrown !== "object" || thrown === null) return String(thrown);
  const message = text(fields.get("message")) ?? "";
  // What can't be parsed is quoted there: a file of credentials, perhaps.
  if (name === "SyntaxError") return message.replace(/,?\s*(\.\.\.)?"[\s\S]*$/, " (the text is not shown)");
  if (message !== "") return message;
  // A connection tried over several addresses fails with one error for each, and no message of its own.
  const errors = fields.get("errors");
  const messages = Array.isArray(errors) ? errors.map((e) => text(Reflect.get(Object(e), "message"))) : [];
  return messages.filter((one) => one !== undefined).join("; ") || "no message";
}

/** S3's SDK has it in its metadata; Google's libraries in `status` or, as a number, in `code`. */
function statusOf(fields: ReadonlyMap<string, unknown>): number | undefined {
  const all = [Object(fields.get("$metadata")).httpStatusCode, fields.get("status"), fields.get("code")].map(
    Number,
  );
  return all.find((one) => Number.isInteger(one) && one >= 100 && one < 600);
}

function factsOf(fields: ReadonlyMap<string, unknown>): string[] {
  const metadata = Object(fields.get("$metadata"));
  const status = text(metadata.httpStatusCode) ?? text(fields.get("status"));
  const code = text(fields.get("code"));
  const request = text(metadata.requestId);
  return [
    ...(code === undefined || code === status ? [] : [`code ${withoutSecrets(code)}`]),
    ...(status === undefined ? [] : [`status ${status}`]),
    ...(request === undefined ? [] : [`request ${request}`]),
  ];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;
}

function framesOf(stack: unknown): string[] {
  return typeof stack === "string" ? stack.split("\n").filter((line) => /^\s+at /.test(line)) : [];
}

/** Environment variables whose values must not be seen, whatever they look like. */
const SECRET_VARIABLES = [
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_SECURITY_TOKEN",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN",
];

const HIDDEN = "[hidden]";

/** What gives a secret away in a text, and what stands there instead. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [\s\S]*?(-----END [A-Z ]*-----|$)/g, HIDDEN],
  // A URL's user and password, and its query, which may be a signature.
  [/([a-z][a-z0-9+.-]*:\/\/)[^/\s@"']*@/gi, "$1"],
  [/([a-z][a-z0-9+.-]*:\/\/[^\s"'?]*)\?[^\s"']*/gi, "$1"],
  [/\b(Bearer|Basic)\s+[^\s"',]+/gi, `$1 ${HIDDEN}`],
  [
    /\b([\w-]*(?:token|secret|password|signature|credential|private_?key|assertion)[\w-]*["']?\s*[:=]\s*["']?)[^\s"',&}]+/gi,
    `$1${HIDDEN}`,
  ],
  [/\beyJ[\w-]{8,}(\.[\w-]*)*/g, HIDDEN],
  [/\bya29\.[\w.-]+/g, HIDDEN],
  [/\b1\/\/[\w-]{10,}/g, HIDDEN],
  // Of an AWS key's id the end is enough to know it by.
  [/\b(?:AKIA|ASIA)[A-Z0-9]{8,}([A-Z0-9]{4})\b/g, "...$1"],
  // Whatever is long and looks like chance: upper and lower case and digits. Digests in hex stay.
  [/(?=[\w+/=-]*[a-z])(?=[\w+/=-]*[A-Z])(?=[\w+/=-]*\d)[\w+/=-]{36,}/g, HIDDEN],
];

/** A text without what is, or looks like, a secret. */
export function withoutSecrets(text: string): string {
  let seen = text;
  for (const name of SECRET_VARIABLES) {
    const value = Deno.env.get(name);
    if (value !== undefined && value.length >= 6) seen = seen.replaceAll(value, HIDDEN);
  }
  for (const [pattern, instead] of SECRETS) seen = seen.replace(pattern, instead);
  return seen;
}
