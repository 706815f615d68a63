import { createHash } from "node:crypto";
import { MlforgeError } from "../error.ts";
import { fileError } from "./files.ts";
import type { Body } from "./store.ts";

export type FileBody = Extract<Body, { file: string }>;

/** A file on its way, read from front to back and hashed as it is read. */
export interface FileParts extends Disposable {
  /** Fills the buffer with the file's next bytes, or with the last of them; gives what it filled. One call at a time. */
  next(buffer: Uint8Array): Promise<Uint8Array>;
  /** Throws where the bytes read so far are not the body's. */
  verify(): void;
}

/** So much is read, and hashed without a pause, at a time. In bytes. */
const READ = 1 << 20;

export async function openFile({ file: path, size, sha256 }: FileBody): Promise<FileParts> {
  const failed = (cause: unknown) => {
    throw fileError("read", path, cause);
  };
  const file = await Deno.open(path).catch(failed);
  const hash = createHash("sha256");
  let offset = 0;
  return {
    async next(buffer) {
      const wanted = Math.min(buffer.length, size - offset);
      let length = 0;
      while (length < wanted) {
        const into = buffer.subarray(length, Math.min(length + READ, wanted));
        const n = await file.read(into).catch(failed);
        if (n === null) throw changed(path);
        hash.update(into.subarray(0, n));
        length += n;
      }
      offset += length;
      return buffer.subarray(0, length);
    },
    verify() {
      if (offset !== size || hash.digest("hex") !== sha256) throw changed(path);
    },
    [Symbol.dispose]: () => file.close(),
  };
}

function changed(path: string): MlforgeError {
  return new MlforgeError("failed", `Refused to store "${path}": it was changed while it was being stored`, {
    hint: "Nothing was stored. Run again.",
  });
}
