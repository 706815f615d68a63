import * as v from "valibot";
import type { GcsStoreConfig } from "../config.ts";
import { askMetadata } from "../machine.ts";
import { once, SMALL } from "../retry.ts";
import { nameOf } from "./chain.ts";
import { connect } from "./connect.ts";
import type { Credentials } from "./credentials.ts";

/** Whose credentials requests to a store carry. */
export interface GcsIdentity {
  /** The link of Google's chain that gave them, in words. */
  from: string;
  /** The e-mail address of the user or service account, where the link's own words don't have it, and somebody tells. */
  principal: string | undefined;
}

/** Who this process is to a store. Throws as opening the store does, where there are no credentials. */
export async function describeGcsIdentity(config: GcsStoreConfig): Promise<GcsIdentity> {
  const { credentials } = await connect(config);
  const principal = await principalOf(credentials).catch(() => undefined);
  return { from: nameOf(credentials.link), principal };
}

async function principalOf({ link, auth }: Credentials): Promise<string | undefined> {
  switch (link.kind) {
    case "anonymous":
      return undefined;
    case "metadata": {
      const host = Deno.env.get("GCE_METADATA_IP") || Deno.env.get("GCE_METADATA_HOST") || "169.254.169.254";
      const url = new URL(`http://${host}/computeMetadata/v1/instance/service-accounts/default/email`);
      return await askMetadata(url, { headers: { "metadata-flavor": "Google" } });
    }
    case "file":
      return link.principal === undefined ? await principalOfToken(auth) : undefined;
  }
}

const tokenInfo = v.object({ email: v.string() });

/** What Google says of a token; of a user's it knows the address only where that was asked for at the sign-in. */
async function principalOfToken(auth: Credentials["auth"]): Promise<string | undefined> {
  return await once(async ({ signal }) => {
    const { data } = await auth.request({
      method: "POST",
      url: "https://oauth2.googleapis.com/tokeninfo",
      signal,
    });
    return v.parse(tokenInfo, data).email;
  }, SMALL.silence);
}
