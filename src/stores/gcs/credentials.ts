import type { gaxios, GoogleAuth } from "google-auth-library";
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

/** Finds credentials and signs in. `fetchImplementation` is the way to the network of all requests, those for tokens too. */
export async function openCredentials(
  endpoint: URL,
  fetchImplementation: typeof fetch,
): Promise<Credentials> {
  const link = await findLink(endpoint);
  const { Compute, gaxios: { Gaxios }, GoogleAuth, PassThroughClient } = await import("google-auth-library");
  const transporter = new Gaxios({
    fetchImplementation,
    // Repeating is for ../retry.ts.
    retryConfig: { retry: 0, noResponseRetries: 0 },
  });
  const clientOptions = { transporter };
  const auth = new GoogleAuth({
    scopes: SCOPE,
    // Objects need no project. Where none is given one is looked for at length, also by running gcloud.
    projectId: "none",
    clientOptions,
    // Named, as the SDK would ask whether there is a metadata server before it asks that for a token.
    ...(link.kind === "metadata" ? { authClient: new Compute({ ...clientOptions, scopes: [SCOPE] }) } : {}),
    ...(link.kind === "anonymous" ? { authClient: new PassThroughClient(clientOptions) } : {}),
  });
  await auth.getClient().then((client) => shareWay(client, transporter)).catch((error: unknown) => {
    throw explainSignIn(error, link);
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

/**
 * Gives a client's way to the network to the parts that the SDK has made without it: those of federation and impersonation.
 * Theirs is Node's http, which on Deno 2.4 sends no body, and which repeats by itself.
 */
function shareWay(client: object, transporter: gaxios.Gaxios): void {
  Reflect.set(client, "transporter", transporter);
  for (const part of ["sourceClient", "stsCredential"]) {
    const inner: unknown = Reflect.get(client, part);
    if (typeof inner === "object" && inner !== null) shareWay(inner, transporter);
  }
}
