import { SHA256_METADATA } from "../whole.ts";

export function metadataOf(sha256: string): Record<string, string> {
  return { [SHA256_METADATA]: sha256 };
}

export function sha256Of(metadata: Record<string, string> | undefined): string | undefined {
  return metadata?.[SHA256_METADATA];
}
