import type { GoogleAuth } from "google-auth-library";
import { repeat, SMALL } from "../retry.ts";
import { findLink, type Link } from "./chain.ts";
import { explainSignIn, mayPass } from "./sign_in_error.ts";

export interface Credentials {
  link: Link;
  auth: GoogleAuth;
  /** Returns when requests can be signed, which most often is at once. Throws an MlforgeError where they can't. */
  ready(): Promise<void>;
}

/** To read, write and delete objects: no rights on buckets, and on no other service. */
const SCOPE = "https://www.googleapis.com/auth/devstorage.read_write";

/** Finds credentials and signs in. `transporterOptions` are those of the SDK's way to the network. */
export async function openCredentials(
  endpoint: URL,
  transporterOptions: { fetchImplementation: typeof fetch },
): Promise<Credentials> {
  const link = await findLink(endpoint);
  const { Compute, GoogleAuth, PassThroughClient } = await import("google-auth-library");
  // Repeating is for ../retry.ts.
  const clientOptions = {
    transporterOptions: { ...transporterOptions, retryConfig: { retry: 0, noResponseRetries: 0 } },
  };
  const auth = new GoogleAuth({
    scopes: SCOPE,
    // Objects need no project. Where none is given one is looked for at length, also by running gcloud.
    projectId: "none",
    clientOptions,
    // Named, as the SDK would ask whether there is a metadata server before it asks that for a token.
    ...(link.kind === "metadata" ? { authClient: new Compute({ ...clientOptions, scopes: [SCOPE] }) } : {}),
    ...(link.kind === "anonymous" ? { authClient: new PassThroughClient(clientOptions) } : {}),
  });
  // The metadata server is asked by a transport of its own, which repeats by itself.
  const patience = link.kind === "metadata" ? { ...SMALL, tries: 1 } : SMALL;
  const credentials: Credentials = {
    link,
    auth,
    async ready() {
      try {
        await repeat(() => auth.getRequestHeaders(endpoint.href), { patience, transient: mayPass });
      } catch (error) {
        throw explainSignIn(error, link);
      }
    },
  };
  await credentials.ready();
  return credentials;
}
