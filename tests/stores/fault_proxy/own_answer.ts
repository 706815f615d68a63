/** An answer as bytes that a server could have given. */
export interface OwnAnswer {
  status: number;
  headers?: Record<string, string>;
  /** Absent: as a server of this kind words the status. */
  body?: string;
}

/** What S3 calls a status, where clients look at more than the number. */
const S3_CODES: Readonly<Record<number, string>> = {
  403: "AccessDenied",
  404: "NoSuchKey",
  409: "ConditionalRequestConflict",
  412: "PreconditionFailed",
  429: "TooManyRequests",
  500: "InternalError",
  503: "SlowDown",
};

const GCS_REASONS: Readonly<Record<number, string>> = {
  403: "forbidden",
  404: "notFound",
  409: "conflict",
  412: "conditionNotMet",
  429: "rateLimitExceeded",
  500: "internalError",
  503: "backendError",
};

export function answerBytes(kind: "s3" | "gcs", method: string, answer: OwnAnswer): Uint8Array {
  const { status } = answer;
  const message = "By the fault proxy";
  const worded = kind === "s3"
    ? `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${S3_CODES[status] ?? "Error"}</Code>` +
      `<Message>${message}</Message><RequestId>0</RequestId></Error>`
    : JSON.stringify({
      error: {
        code: status,
        message,
        errors: [{ domain: "global", reason: GCS_REASONS[status] ?? "error", message }],
      },
    });
  const body = new TextEncoder().encode(answer.body ?? worded);
  const headers = {
    "Content-Type": kind === "s3" ? "application/xml" : "application/json; charset=UTF-8",
    ...answer.headers,
    "Content-Length": String(body.length),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = new TextEncoder().encode(`HTTP/1.1 ${status} By the fault proxy\r\n${lines}\r\n`);
  return new Uint8Array(method === "HEAD" ? head : [...head, ...body]);
}
