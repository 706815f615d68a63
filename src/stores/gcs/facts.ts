import * as v from "valibot";
import { MlforgeError } from "../../error.ts";
import type { Head, Token } from "../store.ts";
import { SHA256_METADATA } from "../whole.ts";

/** A number of 64 bits, as Google writes it. */
export const DIGITS = v.pipe(v.string(), v.digits());

/** What the JSON API says of an object, as far as it matters here. */
export const objectFacts = v.object({
  size: DIGITS,
  generation: DIGITS,
  metadata: v.optional(v.record(v.string(), v.string())),
});

export function headOf({ size, generation, metadata }: v.InferOutput<typeof objectFacts>): Head {
  const sha256 = metadata?.[SHA256_METADATA];
  return {
    size: Number(size),
    token: generation as Token,
    ...(sha256 === undefined ? {} : { sha256 }),
  };
}

/** Where the JSON API has an object. */
export function objectPath(bucket: string, name: string): string {
  return `/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`;
}

/** What an object is, by the headers that a part of it comes with. */
export function headOfDownload({ headers }: Response, name: string): Head {
  const encoding = headers.get("x-goog-stored-content-encoding") ?? "identity";
  if (encoding !== "identity") {
    throw new MlforgeError(
      "failed",
      `Refused to read "${name}": it is stored with content encoding "${encoding}"`,
      {
        hint: "Such objects change on their way. Store it again without a content encoding.",
      },
    );
  }
  const sha256 = headers.get(`x-goog-meta-${SHA256_METADATA}`);
  return headOf(v.parse(objectFacts, {
    size: headers.get("content-range")?.split("/")[1],
    generation: headers.get("x-goog-generation"),
    ...(sha256 === null ? {} : { metadata: { [SHA256_METADATA]: sha256 } }),
  }));
}
