import * as v from "valibot";
import { MlforgeError } from "../../error.ts";
import { inPieces, PIECE, type Range } from "../pieces.ts";
import type { Objects } from "../prefixed.ts";
import { once, repeat, SMALL } from "../retry.ts";
import type { Got, Head, Token } from "../store.ts";
import type { Connection } from "./connect.ts";
import { type Action, explain, isBucketMissing, isTransient, statusError, statusOf } from "./explain.ts";
import { DIGITS, headOf, headOfDownload, objectFacts, objectPath } from "./facts.ts";
import { copy } from "./copy.ts";
import { put } from "./put.ts";

const page = v.object({
  items: v.optional(v.array(v.object({ name: v.string(), size: DIGITS, generation: DIGITS })), []),
  nextPageToken: v.optional(v.string()),
});

export function openObjects(connection: Connection): Objects {
  const { bucket } = connection;
  const reading = (name: string): Action => ({
    doing: `read gs://${bucket}/${name}`,
    needs: "storage.objects.get",
  });

  async function json(path: string, query: Record<string, string>): Promise<unknown> {
    return await repeat(async ({ signal }) => {
      const answer = await connection.send({ method: "GET", path, query, signal });
      if (!answer.ok) throw await statusError(answer);
      return await answer.json();
    }, { patience: SMALL, transient: isTransient });
  }

  async function head(name: string): Promise<Head | undefined> {
    try {
      const found = await json(objectPath(bucket, name), { fields: "size,generation,metadata" });
      return headOf(v.parse(objectFacts, found));
    } catch (error) {
      return undefinedIfMissing(error, name);
    }
  }

  /**
   * The answer to a GET of a range; "empty" where no byte of it is there, undefined where there is no such object, or not
   * in that state any more. By the XML API: the JSON API's downloads come without the user's metadata.
   */
  async function fetch(
    name: string,
    [from, to]: Range,
    match: Token | undefined,
  ): Promise<Response | "empty" | undefined> {
    const headers = {
      range: `bytes=${from}-${to - 1}`,
      // As it is stored: what is stored as gzip would be unpacked.
      "accept-encoding": "identity",
      ...(match === undefined ? {} : { "x-goog-if-generation-match": match }),
    };
    try {
      const answer = await repeat(async ({ signal }) => {
        const path = `/${bucket}/${encodeURIComponent(name)}`;
        const answer = await connection.send({ method: "GET", path, headers, signal });
        if (answer.ok) return answer;
        if (answer.status !== 416) throw await statusError(answer);
        await answer.body?.cancel();
        return "empty";
      }, { patience: SMALL, transient: isTransient });
      // An emulator does not look at the condition.
      const changed = answer !== "empty" && match !== undefined &&
        answer.headers.get("x-goog-generation") !== match;
      if (!changed) return answer;
      await answer.body?.cancel();
      return undefined;
    } catch (error) {
      return statusOf(error) === 412 ? undefined : undefinedIfMissing(error, name);
    }
  }

  function undefinedIfMissing(error: unknown, name: string): undefined {
    if (statusOf(error) === 404 && !isBucketMissing(error)) return undefined;
    throw explain(error, reading(name), connection);
  }

  async function described(answer: Response, name: string): Promise<Head> {
    try {
      return headOfDownload(answer, name);
    } catch (error) {
      await answer.body?.cancel();
      throw explain(error, reading(name), connection);
    }
  }

  /** No bytes of an object: a range of length zero can't be asked for. */
  async function nothingOf(name: string, match: Token | undefined): Promise<Got | undefined> {
    const found = await head(name);
    if (found === undefined || (match !== undefined && found.token !== match)) return undefined;
    return { ...found, body: noBytes() };
  }

  return {
    head,

    async get(name, { range: [from, to] = [0, Infinity], match } = {}) {
      if (to <= from) return await nothingOf(name, match);
      const answer = await fetch(name, [from, Math.min(to, from + PIECE)], match);
      if (answer === undefined) return undefined;
      if (answer === "empty") return await nothingOf(name, match);
      const found = await described(answer, name);
      const open = async (range: Range) => {
        const again = await fetch(name, range, found.token);
        if (again instanceof Response) return bodyOf(again);
        const what = `Can't ${reading(name).doing}: it changed while it was being read`;
        throw new MlforgeError("failed", what, { hint: "Run again." });
      };
      const body = inPieces(bodyOf(answer), {
        range: [from, Math.min(to, found.size)],
        open,
        explain: (error) => explain(error, reading(name), connection),
      });
      return { ...found, body };
    },

    async *list(prefix) {
      let after: string | undefined;
      do {
        const { items, nextPageToken } = await listed(prefix, after);
        for (const { name, size, generation } of items) {
          yield { name, size: Number(size), token: generation as Token };
        }
        after = nextPageToken;
      } while (after !== undefined);
    },

    put: (name, body, condition) => put(connection, name, body, condition),

    async copy(name, from, body) {
      const found = await openObjects({ ...connection, bucket: from.bucket }).head(from.name);
      if (found?.sha256 !== body.sha256 || found.size !== body.size) return undefined;
      // An emulator does not look at a copy's condition.
      if (await head(name) !== undefined) return { kind: "conflict" };
      return await copy(connection, name, { ...from, head: found }, body);
    },

    async delete(name) {
      // Once: a second one might meet what somebody created after the first.
      try {
        await once(async ({ signal }) => {
          const answer = await connection.send({ method: "DELETE", path: objectPath(bucket, name), signal });
          if (!answer.ok) throw await statusError(answer);
          await answer.body?.cancel();
        }, SMALL.total);
      } catch (error) {
        if (statusOf(error) === 404 && !isBucketMissing(error)) return;
        const action = { doing: `delete gs://${bucket}/${name}`, needs: "storage.objects.delete" };
        throw explain(error, action, connection);
      }
    },
  };

  async function listed(prefix: string, pageToken: string | undefined): Promise<v.InferOutput<typeof page>> {
    try {
      const fields = "items(name,size,generation),nextPageToken";
      const query = { prefix, fields, ...(pageToken === undefined ? {} : { pageToken }) };
      return v.parse(page, await json(`/storage/v1/b/${bucket}/o`, query));
    } catch (error) {
      throw explain(
        error,
        { doing: `list gs://${bucket}/${prefix}`, needs: "storage.objects.list" },
        connection,
      );
    }
  }
}

function bodyOf({ body }: Response): ReadableStream<Uint8Array> {
  if (body === null) throw new Error("The answer has no body");
  return body;
}

function noBytes(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}
