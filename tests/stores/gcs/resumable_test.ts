import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { MlforgeError } from "../../../src/error.ts";
import type { FileBody } from "../../../src/stores/file_parts.ts";
import { parseKey } from "../../../src/stores/key.ts";
import type { ProxiedRequest } from "../fault_proxy.ts";
import { type BehindProxy, proxiedTest } from "./behind_proxy.ts";

const SIZE = (16 << 20) + 12_345;
/** Where the upload's last request begins: the bytes before it go in whole units of 256 KiB. */
const END = 16 << 20;
const KEY = parseKey("large");
const CREATE = { create: true } as const;

const isPut = ({ method }: ProxiedRequest) => method === "PUT";
const isQuestion = ({ headers }: ProxiedRequest) => headers.get("content-range") === `bytes */${SIZE}`;

/** A test with a file large enough to go by a resumable upload. */
function uploadTest(name: string, run: (behind: BehindProxy, body: FileBody) => Promise<void>): void {
  proxiedTest(`GCS resumable upload: ${name}`, async (behind) => {
    const file = await Deno.makeTempFile();
    try {
      const bytes = new Uint8Array(SIZE).map((_, i) => i ^ (i >> 8) ^ (i >> 16));
      await Deno.writeFile(file, bytes);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      await run(behind, { file, size: SIZE, sha256 });
    } finally {
      await Deno.remove(file);
    }
  });
}

async function stored({ direct }: BehindProxy): Promise<string | undefined> {
  const got = await direct.get(KEY);
  if (got === undefined) return undefined;
  const hash = createHash("sha256");
  for await (const chunk of got.body) hash.update(chunk);
  return hash.digest("hex");
}

const asked = ({ proxy }: BehindProxy) => proxy.requests.map(({ method }) => method).join(" ");

uploadTest("takes three requests, and tells of all bytes that leave", async (behind, body) => {
  let sent = 0;
  const result = await behind.store.put(KEY, { ...body, onSent: (bytes) => sent += bytes }, CREATE);
  assert.equal(result.kind, "written");
  assert.equal(sent, SIZE);
  assert.equal(asked(behind), "POST PUT PUT");
  const last = behind.proxy.requests[2];
  assert.equal(last?.headers.get("content-range"), `bytes ${END}-${SIZE - 1}/${SIZE}`);
  assert.match(last?.headers.get("x-goog-hash") ?? "", /^crc32c=.{6}==$/);
  assert.equal(await stored(behind), body.sha256);
});

// The server takes a question for how much it has as the upload's end. So the proxy answers, with what Google would say.
uploadTest("begins anew where nothing has arrived", async (behind, body) => {
  behind.proxy.fault({ kind: "upload cut" }, { when: isPut });
  behind.proxy.fault({ kind: "answer", applied: false, status: 308 }, { when: isQuestion });
  const result = await behind.store.put(KEY, body, CREATE);
  assert.equal(result.kind, "written");
  assert.equal(asked(behind), "POST PUT PUT PUT PUT");
  assert.equal(behind.proxy.requests[2]?.headers.get("content-length"), "0");
  assert.equal(await stored(behind), body.sha256);
});

uploadTest("goes on after what has arrived", async (behind, body) => {
  behind.proxy.fault({ kind: "response lost" }, { when: isPut });
  behind.proxy.fault(
    { kind: "answer", applied: false, status: 308, headers: { range: `bytes=0-${END - 1}` } },
    { when: isQuestion },
  );
  const result = await behind.store.put(KEY, body, CREATE);
  assert.equal(result.kind, "written");
  assert.equal(asked(behind), "POST PUT PUT PUT");
  assert.equal(await stored(behind), body.sha256);
});

uploadTest("sends nothing where the name is taken", async (behind, body) => {
  behind.proxy.fault({ kind: "answer", applied: false, status: 412 });
  assert.deepEqual(await behind.store.put(KEY, body, CREATE), { kind: "conflict" });
  assert.equal(asked(behind), "POST");
});

uploadTest("is a conflict where the name was taken meanwhile", async (behind, body) => {
  const other = {
    bytes: new Uint8Array(3),
    sha256: createHash("sha256").update(new Uint8Array(3)).digest("hex"),
  };
  behind.proxy.fault(
    { kind: "first", act: async () => void await behind.direct.put(KEY, other, CREATE) },
    { when: isPut, nth: 2 },
  );
  assert.deepEqual(await behind.store.put(KEY, body, CREATE), { kind: "conflict" });
  assert.equal(await stored(behind), other.sha256);
});

uploadTest("is never repeated at its end, and dropped where that has no answer", async (behind, body) => {
  behind.proxy.fault({ kind: "lost before" }, { when: isPut, nth: 2 });
  const result = await behind.store.put(KEY, body, CREATE);
  assert.equal(result.kind, "unknown");
  assert.equal(asked(behind), "POST PUT PUT DELETE");
  assert.equal(await stored(behind), undefined);
});

uploadTest("whose last answer is lost has stored the file", async (behind, body) => {
  behind.proxy.fault({ kind: "response lost" }, { when: isPut, nth: 2 });
  assert.equal((await behind.store.put(KEY, body, CREATE)).kind, "unknown");
  assert.equal((await behind.direct.head(KEY))?.sha256, body.sha256);
});

uploadTest("of a file that is not what it was writes nothing, and leaves nothing", async (behind, body) => {
  const put = behind.store.put(KEY, { ...body, sha256: "0".repeat(64) }, CREATE);
  await assert.rejects(put, (error) => error instanceof MlforgeError && error.message.includes(body.file));
  assert.equal(asked(behind), "POST PUT DELETE");
  assert.equal(await stored(behind), undefined);
});

uploadTest("of other bytes than were sent is taken back", async (behind, body) => {
  const answer = JSON.stringify({ generation: "1", crc32c: "AAAAAA==" });
  behind.proxy.fault({ kind: "answer", applied: false, status: 200, body: answer }, { when: isPut, nth: 2 });
  await assert.rejects(behind.store.put(KEY, body, CREATE), /other bytes arrived than were sent/);
  assert.match(behind.proxy.requests[3]?.path ?? "", /\?generation=1$/);
});
