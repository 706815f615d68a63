import * as v from "valibot";
import type { Credentials } from "./chain.ts";

/** As metadata services of machines and of containers give credentials. */
const served = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    AccessKeyId: v.string(),
    SecretAccessKey: v.string(),
    Token: v.string(),
    Expiration: v.pipe(v.string(), v.isoTimestamp()),
  }),
);

/**
 * Credentials that a service gives, by what it answers; undefined where it gives none. They are asked for anew minutes
 * before they expire: where the service fails just then, those that are still good stand in, so that no build ends by it.
 */
export function servedCredentials(
  ask: () => Promise<string | undefined>,
): () => Promise<Credentials | undefined> {
  let known: Credentials | undefined;
  return async () => {
    const found = parse(await ask());
    if (found !== undefined || (known?.expiration?.getTime() ?? 0) < Date.now()) known = found;
    return known;
  };
}

function parse(answer: string | undefined): Credentials | undefined {
  const { success, output } = v.safeParse(served, answer);
  if (!success) return undefined;
  return {
    accessKeyId: output.AccessKeyId,
    secretAccessKey: output.SecretAccessKey,
    sessionToken: output.Token,
    expiration: new Date(output.Expiration),
  };
}
