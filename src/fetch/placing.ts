import { addressOf, type BucketConfig, type RemoteObject } from "./object.ts";

/** Objects that a source is read from. Plain data, sent to workers. */
export interface RemoteFiles {
  bucket: BucketConfig;
  /** Sorted by name. At least one. */
  objects: RemoteObject[];
}

/**
 * Where an object lies below a folder of its source's own. Objects' names may be anything and paths may not, so only what
 * a reader looks at is taken over: folders `column=value`, which are partitions, and the extension.
 */
export function placeOf(name: string, index: number): string {
  const folders = name.split("/").slice(0, -1).filter((folder) => /^[^=]+=[^=]*$/.test(folder));
  const extension = /(\.[A-Za-z0-9]{1,10}){0,2}$/.exec(name)?.[0] ?? "";
  return [...folders.map(encoded), `${index}${extension}`].join("/");
}

/** What a path, or a reader's glob, can't hold; readers of partitions decode it again. */
function encoded(folder: string): string {
  return folder.replace(
    // deno-lint-ignore no-control-regex
    /[\u0000-\u001f\u007f\\:*?"<>|[\]]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

export function addressesOf({ bucket, objects }: RemoteFiles): string[] {
  return objects.map(({ name }) => addressOf(bucket, name));
}
