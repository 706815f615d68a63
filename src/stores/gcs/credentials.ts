import type { GoogleAuth } from "google-auth-library";
import { join } from "../../path.ts";
import { isLoopback } from "../endpoint.ts";
import { once, SMALL } from "../retry.ts";

/** The link of Google's chain that credentials come from. */
export type Link =
  /** A file that GOOGLE_APPLICATION_CREDENTIALS names, or where `gcloud auth application-default login` puts it. */
  | { kind: "file"; path: string; by: "variable" | "gcloud" }
  /** The metadata server of a machine, job or pod at Google. */
  | { kind: "metadata" }
  /** None: an emulator on this machine, which asks for none. */
  | { kind: "anonymous" };

export interface Credentials {
  link: Link;
  auth: GoogleAuth;
}

const SCOPE = "https://www.googleapis.com/auth/devstorage.read_write";

/**
 * Credentials by Google's chain, found anew at each open. Never anonymous, as the SDK would be in silence: only an endpoint
 * on this machine, where nothing names credentials, is an emulator.
 */
export async function openCredentials(
  endpoint: URL,
  transporterOptions: { fetchImplementation: typeof fetch },
): Promise<Credentials> {
  const { GoogleAuth, PassThroughClient } = await import("google-auth-library");
  const link = await findLink(endpoint);
  const auth = new GoogleAuth({
    scopes: SCOPE,
    // Not used with objects, but looked for at length (by starting gcloud, too) where it is not given.
    projectId: "none",
    clientOptions: { transporterOptions },
    ...(link.kind === "anonymous" ? { authClient: new PassThroughClient({ transporterOptions }) } : {}),
  });
  await once(() => auth.getRequestHeaders(endpoint.href), SMALL.total);
  return { link, auth };
}

async function findLink(endpoint: URL): Promise<Link> {
  const named = Deno.env.get("GOOGLE_APPLICATION_CREDENTIALS");
  if (named) return { kind: "file", path: named, by: "variable" };
  const path = gcloudFile();
  if (path !== undefined && await Deno.stat(path).then(() => true, () => false)) {
    return { kind: "file", path, by: "gcloud" };
  }
  return isLoopback(endpoint) ? { kind: "anonymous" } : { kind: "metadata" };
}

/** Where gcloud keeps a user's application default credentials. */
function gcloudFile(): string | undefined {
  const own = Deno.env.get("CLOUDSDK_CONFIG");
  const parent = Deno.build.os === "windows" ? Deno.env.get("APPDATA") : Deno.env.get("HOME");
  const inner = Deno.build.os === "windows" ? ["gcloud"] : [".config", "gcloud"];
  const folder = own || (parent ? join(parent, ...inner) : undefined);
  return folder && join(folder, "application_default_credentials.json");
}
