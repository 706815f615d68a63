import { createHash } from "node:crypto";
import { join } from "node:path";
import { MlforgeError } from "../../error.ts";
import { type Context, uniqueName } from "./exchange.ts";
import { dataKey } from "./keys.ts";
import { readMetadata } from "./read.ts";

/**
 * A version's data as a local file, downloaded once: kept under its content's hash, and only after its bytes were
 * checked against it. Undefined where the store has no such version.
 */
export async function download(
  context: Context,
  tempFolder: string,
  feature: string,
  version: string,
): Promise<string | undefined> {
  const key = dataKey(feature, version);
  const metadata = await readMetadata(context, feature, version);
  if (metadata === undefined) return undefined;
  const hash = metadata.content_hash;
  // Metadata of other tools may have no hash of ours: such data is downloaded every time.
  const known = /^[0-9a-f]{64}$/.test(hash);
  const path = join(tempFolder, known ? `${hash}.parquet` : `${uniqueName(context)}.parquet`);
  if (known && await isFile(path)) return path;
  const got = await context.store.get(key);
  if (got === undefined) return undefined;
  await Deno.mkdir(tempFolder, { recursive: true });
  const partial = join(tempFolder, `${uniqueName(context)}.part`);
  try {
    const found = await save(got.body, partial);
    if (known && found !== hash) {
      throw new MlforgeError(
        "failed",
        `Refused the data of "${feature}" ${version}: its bytes are not those published`,
        {
          hint:
            `"${key}" was changed after it was published: restore it, or build a new version with --force.`,
        },
      );
    }
    await Deno.rename(partial, path);
  } finally {
    await Deno.remove(partial).catch(() => {});
  }
  return path;
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}

async function save(body: ReadableStream<Uint8Array>, path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path, { write: true, createNew: true });
  const writer = file.writable.getWriter();
  for await (const chunk of body) {
    hash.update(chunk);
    await writer.write(chunk);
  }
  await writer.close();
  return hash.digest("hex");
}
