import * as v from "valibot";
import { MlforgeError } from "../../error.ts";
import { join } from "../../path.ts";
import { isLoopback } from "../endpoint.ts";
import { fileError, readTextIfThere } from "../files.ts";

/** The link of Google's chain that gives credentials. */
export type Link =
  | FileLink
  /** The metadata server, which every machine, job and pod at Google has. */
  | { kind: "metadata" }
  /** None: an emulator on this machine, which asks for none. */
  | { kind: "anonymous" };

export interface FileLink {
  kind: "file";
  path: string;
  /** GOOGLE_APPLICATION_CREDENTIALS names it, or gcloud put it where applications look. */
  by: "variable" | "gcloud";
  /** As the file says: `service_account`, `authorized_user`, `external_account`, ... */
  type: string;
  /** The e-mail address that the credentials are of, where the file names it. */
  principal?: string;
}

const VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS";

/** Kinds of files that the SDK reads. It would take any other one for a service account's. */
const TYPES = [
  "service_account",
  "authorized_user",
  "external_account",
  "external_account_authorized_user",
  "impersonated_service_account",
] as const;

const credentialsFile = v.object({
  type: v.picklist(TYPES),
  client_email: v.optional(v.string()),
  account: v.optional(v.string()),
  service_account_impersonation_url: v.optional(v.string()),
});

/**
 * Goes through Google's chain up to the link that applies. Never anonymous, as the SDK would be in silence: only an
 * endpoint on this machine, where no file is named, is an emulator. Throws where a file is named and no good.
 */
export async function findLink(endpoint: URL): Promise<Link> {
  const named = Deno.env.get(VARIABLE) || Deno.env.get(VARIABLE.toLowerCase());
  if (named) {
    const link = await readLink(named, "variable");
    if (link !== undefined) return link;
    throw new MlforgeError("usage", `${VARIABLE} names "${named}", which is not there`, {
      hint: "Set it to the file of a service account, or unset it.",
    });
  }
  const link = await readLink(gcloudFile(), "gcloud");
  return link ?? { kind: isLoopback(endpoint) ? "anonymous" : "metadata" };
}

/** Where `gcloud auth application-default login` puts a user's credentials. */
export function gcloudFile(): string {
  const windows = Deno.build.os === "windows";
  const home = Deno.env.get(windows ? "APPDATA" : "HOME") ?? "";
  const folder = Deno.env.get("CLOUDSDK_CONFIG") ||
    (windows ? join(home, "gcloud") : join(home, ".config/gcloud"));
  return join(folder, "application_default_credentials.json");
}

async function readLink(path: string, by: FileLink["by"]): Promise<FileLink | undefined> {
  const text = await readTextIfThere(path).catch((cause: unknown) => {
    throw fileError("read", path, cause);
  });
  if (text === undefined) return undefined;
  const found = v.safeParse(v.pipe(v.string(), v.parseJson(), credentialsFile), text);
  if (!found.success) {
    // What was found there is not said: it may be a secret.
    throw new MlforgeError("usage", `"${path}" holds no credentials of Google Cloud`, {
      hint: `It is JSON with a "type", one of ${TYPES.join(", ")}. ` +
        (by === "gcloud" ? LOG_IN : `Get it again from Google, or unset ${VARIABLE}.`),
    });
  }
  const { type, client_email, account, service_account_impersonation_url: url = "" } = found.output;
  const principal = client_email ?? account ?? /([^/]+):generateAccessToken$/.exec(url)?.[1];
  return { kind: "file", path, by, type, ...(principal ? { principal } : {}) };
}

export const LOG_IN = "Run: gcloud auth application-default login.";

/** A link as it stands in a sentence. */
export function nameOf(link: Link): string {
  switch (link.kind) {
    case "file": {
      const who = link.principal ?? link.type.replaceAll("_", " ");
      return link.by === "gcloud"
        ? `gcloud's credentials of ${who}`
        : `${who} from ${VARIABLE} ("${link.path}")`;
    }
    case "metadata":
      return "the metadata server";
    case "anonymous":
      return "no credentials";
  }
}
