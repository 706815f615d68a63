import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { MlforgeError } from "../error.ts";
import { bodyOfChunks } from "./chunks.ts";
import { fileError, ifThere, moveInto, sync } from "./files.ts";
import { isKey, type Key } from "./key.ts";
import { locked } from "./lock.ts";
import type { Body, Condition, Got, Head, Listed, PutResult, Sha256, Store, Token } from "./store.ts";

/** Not a key, so that no object can stand there: the lock, and bodies on their way. */
const OWN_FOLDER = "~mlforge";

/**
 * A folder as a store: an object is the file at its key's path, replaced by rename and never changed in place. An
 * object's token is its SHA-256, read from the file: nothing stands beside it that could disagree with it.
 *
 * One thing differs from an object store: where `a` is an object, `a/b` can't be one; such a put throws.
 */
export function openLocalStore(path: string): Store {
  const root = resolve(path);
  const pathOf = (key: Key) => join(root, key);

  async function open(key: Key): Promise<{ file: Deno.FsFile; head: Head } | undefined> {
    const file = await ifThere(Deno.open(pathOf(key)));
    if (file === undefined) return undefined;
    try {
      const info = await file.stat();
      if (!info.isFile) {
        file.close();
        return undefined;
      }
      const sha256 = await sha256Of(file);
      await file.seek(0, Deno.SeekMode.Start);
      return { file, head: { size: info.size, sha256, token: sha256 as Token } };
    } catch (cause) {
      file.close();
      throw fileError("read", pathOf(key), cause);
    }
  }

  async function head(key: Key): Promise<Head | undefined> {
    const opened = await open(key);
    opened?.file.close();
    return opened?.head;
  }

  return {
    head,

    async get(key, { range, match } = {}): Promise<Got | undefined> {
      const opened = await open(key);
      if (opened === undefined) return undefined;
      const { file, head } = opened;
      if (match !== undefined && match !== head.token) {
        file.close();
        return undefined;
      }
      const [from, to] = range ?? [0, head.size];
      await file.seek(Math.min(from, head.size), Deno.SeekMode.Start);
      return { ...head, body: slice(file, Math.max(0, Math.min(to, head.size) - from)) };
    },

    async *list(prefix): AsyncIterable<Listed> {
      const keys: Listed[] = [];
      await collect(root, "", prefix, keys);
      yield* keys.sort((a, b) => (a.key < b.key ? -1 : 1));
    },

    async put(key, body, condition): Promise<PutResult> {
      const target = pathOf(key);
      const own = join(root, OWN_FOLDER);
      const staged = join(own, crypto.randomUUID());
      let placed = false;
      try {
        await Deno.mkdir(own, { recursive: true });
        const token = await stage(body, staged);
        if (!await place(staged, target, condition)) return { kind: "conflict" };
        placed = true;
        // The folders above too: they may be new.
        for (let folder = target; folder !== root;) await sync(folder = dirname(folder), "folder");
        return { kind: "written", token };
      } catch (cause) {
        if (placed) return { kind: "unknown", cause };
        throw fileError("write", target, cause);
      } finally {
        await Deno.remove(staged).catch(() => {});
      }
    },

    async delete(key): Promise<void> {
      // Without the own folder nothing was ever put; deleting what others wrote still goes by the lock.
      if (await ifThere(Deno.stat(pathOf(key))) === undefined) return;
      try {
        await Deno.mkdir(join(root, OWN_FOLDER), { recursive: true });
        await exclusively(() => ifThere(Deno.remove(pathOf(key))));
      } catch (cause) {
        throw fileError("delete", pathOf(key), cause);
      }
    },
  };

  /** Puts the staged file at its place if the condition holds: the one moment at which the object changes. */
  async function place(staged: string, target: string, condition: Condition): Promise<boolean> {
    if ("create" in condition) {
      await Deno.mkdir(dirname(target), { recursive: true });
      try {
        // A hard link fails where something is: of any number of creators one succeeds, without a lock.
        await Deno.link(staged, target);
        return true;
      } catch (error) {
        if (error instanceof Deno.errors.AlreadyExists) return false;
        throw error;
      }
    }
    return await exclusively(async () => {
      const file = await ifThere(Deno.open(target));
      if (file === undefined) return false;
      const sha256 = await sha256Of(file).finally(() => file.close());
      if (sha256 !== condition.match) return false;
      await moveInto(staged, target);
      return true;
    });
  }

  function exclusively<T>(act: () => Promise<T>): Promise<T> {
    return locked({ path: join(root, OWN_FOLDER, "lock"), command: "mlforge" }, act);
  }
}

async function stage(body: Body, path: string): Promise<Token> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const hash = createHash("sha256");
  for await (const chunk of chunksOf(body)) {
    hash.update(chunk);
    for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
  }
  const sha256 = hash.digest("hex");
  if (sha256 !== body.sha256) {
    throw new MlforgeError(
      "failed",
      `Refused to store a body whose SHA-256 is ${sha256}, not ${body.sha256}`,
      {
        hint: "The file was changed while it was being stored. Run again.",
      },
    );
  }
  await file.sync();
  return sha256 as Token;
}

async function* chunksOf(body: Body): AsyncIterable<Uint8Array> {
  if ("bytes" in body) yield body.bytes;
  else yield* (await Deno.open(body.file)).readable;
}

async function sha256Of(file: Deno.FsFile): Promise<Sha256> {
  const hash = createHash("sha256");
  const chunk = new Uint8Array(256 * 1024);
  for (let n = await file.read(chunk); n !== null; n = await file.read(chunk)) {
    hash.update(chunk.subarray(0, n));
  }
  return hash.digest("hex");
}

/** The next `length` bytes of an open file, which is closed at their end or when the reader loses interest. */
function slice(file: Deno.FsFile, length: number): ReadableStream<Uint8Array> {
  let left = length;
  return bodyOfChunks({
    async read(into) {
      const n = left === 0 ? null : await file.read(into.subarray(0, left));
      if (n === null) {
        file.close();
        return undefined;
      }
      left -= n;
      return into.subarray(0, n);
    },
    leave: () => file.close(),
  });
}

/** Adds the keys below a folder; folders that can't hold one that starts with `prefix` are not opened. */
async function collect(folder: string, base: string, prefix: string, keys: Listed[]): Promise<void> {
  try {
    for await (const entry of Deno.readDir(folder)) {
      const name = base + entry.name;
      if (!isKey(name)) continue;
      if (entry.isDirectory) {
        const inner = name + "/";
        if (inner.startsWith(prefix) || prefix.startsWith(inner)) {
          await collect(join(folder, entry.name), inner, prefix, keys);
        }
      } else if (entry.isFile && name.startsWith(prefix)) {
        const info = await ifThere(Deno.stat(join(folder, entry.name)));
        if (info !== undefined) keys.push({ key: name, size: info.size });
      }
    }
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return;
    throw fileError("list", folder, cause);
  }
}
