import { openFile } from "./file_parts.ts";
import { LARGE, SMALL } from "./retry.ts";
import type { Body, PutResult } from "./store.ts";

/** User metadata under which every kind of bucket stores a body's SHA-256. */
export const SHA256_METADATA = "mlforge-sha256";

type FileBody = Extract<Body, { file: string }>;

/** A body that goes in one request. */
export interface Whole {
  bytes: Uint8Array;
  sha256: string;
  onSent?: (bytes: number) => void;
  /** In milliseconds, until the answer is given up. */
  silence: number;
}

/** Puts a body by the way that fits it: a file that `isLarge` never is in memory whole. */
export async function putByWay(
  body: Body,
  { isLarge, large, whole }: {
    isLarge(body: FileBody): boolean;
    large(body: FileBody): Promise<PutResult>;
    whole(body: Whole): Promise<PutResult>;
  },
): Promise<PutResult> {
  if ("bytes" in body) return await whole({ ...body, silence: SMALL.total });
  if (isLarge(body)) return await large(body);
  using file = await openFile(body);
  const bytes = await file.next(new Uint8Array(body.size));
  file.verify();
  return await whole({ ...body, bytes, silence: LARGE.silence });
}
