// @ts-types="@types/picomatch/posix.js"
import picomatch from "picomatch/posix.js";
import type { Bucket } from "../stores/bucket.ts";
import type { RemoteObject } from "./object.ts";

export interface Found {
  /** Sorted by name. */
  objects: RemoteObject[];
  /** What the name turned out to be. */
  as: "object" | "folder" | "glob";
}

/**
 * Finds what a source's name in a bucket means, as a local path would: an object of that name; a folder, which is all
 * below it that `inFolder` accepts; or a glob. Empty where there is nothing. Reads names, sizes and tokens only.
 */
export async function findObjects(
  bucket: Bucket,
  name: string,
  inFolder: (name: string) => boolean,
): Promise<Found> {
  if (/[*?[{]/.test(name)) return await findMatching(bucket, name);
  if (!name.endsWith("/")) {
    const head = await bucket.head(name);
    if (head !== undefined) return { as: "object", objects: [{ name, size: head.size, token: head.token }] };
  }
  const folder = name === "" || name.endsWith("/") ? name : `${name}/`;
  const objects: RemoteObject[] = [];
  for await (const object of bucket.list(folder)) {
    // Hidden files and folders are left out, as of a local folder.
    if (!/(^|\/)\./.test(object.name.slice(folder.length)) && inFolder(object.name)) objects.push(object);
  }
  return { as: "folder", objects: sorted(objects) };
}

async function findMatching(bucket: Bucket, pattern: string): Promise<Found> {
  // As tinyglobby does it for local files: what a pattern matches may be a folder, whose files are meant then.
  const whole = pattern.endsWith("*") ? pattern : `${pattern.replace(/\/$/, "")}/**`;
  const matches = picomatch(whole, { posix: true, nonegate: true });
  const objects: RemoteObject[] = [];
  for await (const object of bucket.list(fixedStart(pattern))) {
    if (object.name === pattern) return { as: "object", objects: [object] };
    // Consoles mark an empty folder by an object of its name.
    if (!object.name.endsWith("/") && matches(object.name)) objects.push(object);
  }
  return { as: "glob", objects: sorted(objects) };
}

/** What every name that a glob can match starts with. */
function fixedStart(pattern: string): string {
  return pattern.slice(0, pattern.search(/[*?[\]{}()!+@|\\]/));
}

function sorted(objects: RemoteObject[]): RemoteObject[] {
  return objects.sort((a, b) => (a.name < b.name ? -1 : 1));
}
