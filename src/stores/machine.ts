/** A machine that is none of the cloud's hears nothing at that address: it must not wait for it for long. */
const PATIENCE = 1_000;

/** What a cloud's metadata service says of the machine; undefined where there is none, or it does not say. */
export async function askMetadata(url: URL, init: RequestInit): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { ...init, redirect: "error", signal: AbortSignal.timeout(PATIENCE) });
    const text = (await answer.text()).trim();
    return answer.ok && text !== "" ? text : undefined;
  } catch {
    return undefined;
  }
}
