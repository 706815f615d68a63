import type { Meta } from "./meta.ts";
import type { Published } from "./publisher.ts";

/** What a register keeps of a version, out of its metadata. */
export function registerEntry(meta: Meta): Omit<Published, "seq" | "tx"> {
  const { version, content_hash, config_hash, schema_hash, source_hash, mlforge: { checks_hash } } = meta;
  return {
    version,
    content_hash,
    config_hash,
    schema_hash,
    source_hash,
    ...(checks_hash === "" ? {} : { checks_hash }),
  };
}
