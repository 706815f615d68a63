/** A put stores its body's SHA-256 beside it, under this name. */
const SHA256_NAME = "mlforge-sha256";

export function metadataOf(sha256: string): Record<string, string> {
  return { [SHA256_NAME]: sha256 };
}

export function sha256Of(metadata: Record<string, string> | undefined): string | undefined {
  return metadata?.[SHA256_NAME];
}
