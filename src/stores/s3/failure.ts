import { MlforgeError } from "../../error.ts";

/** What went wrong with a request, as far as anybody acts on it. */
export type FailureKind =
  | "no credentials"
  | "expired"
  | "unknown key"
  | "wrong signature"
  | "wrong clock"
  | "denied"
  | "no bucket"
  | "other region"
  | "unknown host"
  | "no connection"
  | "no safe connection"
  | "broken off"
  | "other";

/** What is known of a failed request. */
export interface Failure {
  kind: FailureKind;
  /** S3's word (`NoSuchKey`), or the SDK's for what never got there. Empty where there is none. */
  name: string;
  /** The answer's; undefined where there was none. */
  status: number | undefined;
  /** The system's, as ECONNREFUSED. */
  code: string | undefined;
  /** Of the bucket, where the server says that it is not the one asked. */
  region: string | undefined;
}

const BY_NAME: Readonly<Record<string, FailureKind>> = {
  CredentialsProviderError: "no credentials",
  ExpiredToken: "expired",
  ExpiredTokenException: "expired",
  RequestExpired: "expired",
  TokenRefreshRequired: "expired",
  InvalidAccessKeyId: "unknown key",
  InvalidClientTokenId: "unknown key",
  InvalidToken: "unknown key",
  SignatureDoesNotMatch: "wrong signature",
  RequestTimeTooSkewed: "wrong clock",
  NoSuchBucket: "no bucket",
  PermanentRedirect: "other region",
  AuthorizationHeaderMalformed: "other region",
  IllegalLocationConstraintException: "other region",
};

const BY_CODE: Readonly<Record<string, FailureKind>> = {
  ENOTFOUND: "unknown host",
  EAI_AGAIN: "unknown host",
  ECONNREFUSED: "no connection",
  EHOSTUNREACH: "no connection",
  ENETUNREACH: "no connection",
};

export function failureOf(error: unknown): Failure {
  const { name, code, $metadata, $response, Region } = Object(error);
  const known = {
    name: name === "Error" || name === "Unknown" ? "" : textOf(name) ?? "",
    status: numberOf($metadata?.httpStatusCode),
    code: textOf(code),
    region: textOf($response?.headers?.["x-amz-bucket-region"]) ?? textOf(Region),
  };
  return { kind: kindOfAnswer(known) ?? kindOfWay(known.code ?? "", wholeMessage(error)), ...known };
}

function kindOfAnswer({ name, status, region }: Omit<Failure, "kind">): FailureKind | undefined {
  const named = BY_NAME[name];
  if (named !== undefined) return named;
  if (status === 301 || (status === 400 && region !== undefined)) return "other region";
  if (status === 403) return "denied";
  return status === undefined ? undefined : "other";
}

/** What became of a request that has no answer: Node's http has codes for it, `fetch` and older platforms only words. */
function kindOfWay(code: string, message: string): FailureKind {
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  if (/dns error/.test(message)) return "unknown host";
  if (/CERT|SSL|TLS/.test(code) || /certificate|corrupt message|Http connection error/i.test(message)) {
    return "no safe connection";
  }
  if (/client error \(Connect\)/.test(message)) return "no connection";
  return code !== "" || /client error|error reading a body/.test(message) ? "broken off" : "other";
}

/** With those of its causes: versions of the platform put the reason here or there. */
function wholeMessage(error: unknown): string {
  return error instanceof Error ? `${error.message} ${wholeMessage(error.cause)}` : "";
}

/** Whether the same request may succeed a moment later: the server is busy, or the connection broke. */
export function isTransient({ kind, name, status, code }: Failure): boolean {
  if (status !== undefined) return status >= 500 || status === 429 || status === 408 || BUSY.has(name);
  return kind === "broken off" || kind === "no connection" || code === "EAI_AGAIN";
}

/** `isTransient` of what was thrown. */
export function mayPass(error: unknown): boolean {
  return !(error instanceof MlforgeError) && isTransient(failureOf(error));
}

/** Not by their status: the first two are 400 at AWS. */
const BUSY = new Set(["RequestTimeout", "IncompleteBody", "SlowDown"]);

/** Whether a request without an answer failed before any of it left. */
export function wasNeverSent({ kind }: Failure): boolean {
  return ["no credentials", "unknown host", "no connection", "no safe connection"].includes(kind);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
