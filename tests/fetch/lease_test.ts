import assert from "node:assert/strict";
import { join } from "node:path";
import { MlforgeError } from "../../src/error.ts";
import { findObjects } from "../../src/fetch/find.ts";
import type { Wanted } from "../../src/fetch/fill.ts";
import { type CacheSettings, type Lease, openLease } from "../../src/fetch/lease.ts";
import type { BucketConfig } from "../../src/fetch/object.ts";
import type { Range } from "../../src/fetch/ranges.ts";
import { openBucket } from "../../src/stores/open.ts";
import { root, withSmallDisk } from "../small_disk.ts";
import { type FaultProxy, openFaultProxy } from "../stores/fault_proxy.ts";
import { assertSameBytes } from "./bytes.ts";
import { bucketTest, type RemoteBucket } from "./remote_bucket.ts";

/** A cache of its own before a bucket, with all that passes between them counted. */
interface Bench {
  bucket: RemoteBucket;
  proxy: FaultProxy;
  cache: Required<CacheSettings>;
  lease(): Lease;
  /** What a lease is asked for to get these bytes of an object, all by default. */
  wanted(lease: Lease, name: string, ranges?: readonly Range[]): Promise<Wanted>;
  /** Bytes of bodies that were read since this was called last. */
  bytes(): number;
}

function leaseTest(name: string, body: (bench: Bench) => Promise<void>): void {
  bucketTest(name, async (bucket) => {
    const folder = await Deno.makeTempDir();
    const proxy = openFaultProxy(bucket.config.endpoint, bucket.config.kind);
    const config: BucketConfig = { ...bucket.config, endpoint: proxy.endpoint };
    const cache = { folder, limit: 1e9 };
    const open: Lease[] = [];
    try {
      await body({
        bucket,
        proxy,
        cache,
        lease() {
          const lease = openLease(cache);
          open.push(lease);
          return lease;
        },
        async wanted(lease, name, ranges) {
          const { objects: [object] } = await findObjects(await openBucket(config), name, () => true);
          assert(object !== undefined);
          const file = join(lease.folder, "events", "0.csv");
          proxy.requests.length = 0;
          return { bucket: config, object, file, ranges: ranges ?? [[0, object.size]] };
        },
        bytes() {
          const sum = proxy.requests.reduce((sum, { answerBytes }) => sum + answerBytes, 0);
          proxy.requests.length = 0;
          return sum;
        },
      });
    } finally {
      for (const lease of open) await lease[Symbol.asyncDispose]();
      await proxy.close();
      await Deno.remove(folder, { recursive: true });
    }
  });
}

const never = new AbortController().signal;

/** Bytes that repeat nowhere near. */
function pattern(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + seed, 2654435761) ^ (i >>> 7);
  return new Uint8Array(words.buffer, 0, size);
}

/** The file of each entry of the cache. */
async function entries({ folder }: Required<CacheSettings>): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(join(folder, "objects")))).map(({ name }) => name);
  return names.filter((name) => name.endsWith(".data")).map((name) => join(folder, "objects", name));
}

leaseTest("An object is fetched in ranges, once, and is what it was", async (bench) => {
  const body = pattern((20 << 20) + 17);
  await bench.bucket.put("a b/ä%20=.bin", body);
  const first = bench.lease();
  const told: [number, number][] = [];
  const wanted = await bench.wanted(first, "a b/ä%20=.bin");
  await first.fetch([wanted], { signal: never, onBytes: (...bytes) => told.push(bytes) });
  assertSameBytes(await Deno.readFile(wanted.file), body);
  assert.equal(bench.proxy.requests.length, 3);
  assert.deepEqual(told.at(-1), [body.length, body.length]);
  const second = bench.lease();
  const again = await bench.wanted(second, "a b/ä%20=.bin");
  await second.fetch([again], { signal: never });
  assert.equal(bench.proxy.requests.length, 0);
  assertSameBytes(await Deno.readFile(again.file), body);
});

leaseTest("Only the bytes that are asked for and not there are fetched", async (bench) => {
  const body = pattern(1 << 20);
  await bench.bucket.put("a", body);
  const lease = bench.lease();
  await lease.fetch([await bench.wanted(lease, "a", [[1000, 2000], [500_000, 600_000]])], { signal: never });
  assert.equal(bench.bytes(), 101_000);
  const wanted = await bench.wanted(lease, "a", [[0, 3000], [550_000, 700_000]]);
  assert.equal((await Deno.stat(wanted.file)).size, body.length);
  await lease.fetch([wanted], { signal: never });
  assert.equal(bench.bytes(), 102_000);
  const there = await Deno.readFile(wanted.file);
  for (const [from, to] of [[0, 3000], [500_000, 700_000]] as const) {
    assertSameBytes(there.subarray(from, to), body.subarray(from, to));
  }
  assert(there.subarray(700_000).every((byte) => byte === 0));
});

leaseTest("Two that want the same object at once fetch it once", async (bench) => {
  const body = pattern(3 << 20);
  await bench.bucket.put("a", body);
  const leases = [bench.lease(), bench.lease(), bench.lease()];
  const wanted = await Promise.all(leases.map((lease) => bench.wanted(lease, "a")));
  bench.bytes();
  await Promise.all(leases.map((lease, i) => lease.fetch([wanted[i]!], { signal: never })));
  assert.equal(bench.bytes(), body.length);
  for (const { file } of wanted) assertSameBytes(await Deno.readFile(file), body);
});

leaseTest("An object that was replaced or removed is not mixed with what it was", async (bench) => {
  await bench.bucket.put("a", pattern(1 << 20));
  const lease = bench.lease();
  const wanted = await bench.wanted(lease, "a");
  await lease.fetch([{ ...wanted, ranges: [[0, 1000]] }], { signal: never });
  await bench.bucket.put("a", pattern(1 << 20, 2));
  await assert.rejects(lease.fetch([wanted], { signal: never }), /:\/\/test-.*\/a changed while it was read/);
  const now = await bench.wanted(lease, "a");
  await lease.fetch([now], { signal: never });
  assertSameBytes(await Deno.readFile(now.file), pattern(1 << 20, 2));
  await bench.bucket.remove("a");
  await assert.rejects(lease.fetch([wanted], { signal: never }), /changed while it was read/);
});

leaseTest("An answer that breaks off is taken up where it broke, with the same token", async (bench) => {
  const body = pattern(2 << 20);
  await bench.bucket.put("a", body);
  const lease = bench.lease();
  const wanted = await bench.wanted(lease, "a");
  bench.proxy.fault({ kind: "cut" }, { when: ({ method }) => method === "GET" });
  await lease.fetch([wanted], { signal: never });
  assertSameBytes(await Deno.readFile(wanted.file), body);
});

leaseTest("An entry that is not as it was left is never read", async (bench) => {
  const body = pattern(300_000);
  await bench.bucket.put("a", body);
  const damages: [string, (data: string, state: string) => Promise<void>][] = [
    ["cut short", (data) => Deno.truncate(data, 1000)],
    ["written to", async (data) => {
      await Deno.writeFile(data, new Uint8Array(300_000));
      // A later moment, however coarse the clock of files is.
      await Deno.utime(data, new Date(), new Date(Date.now() + 1000));
    }],
    ["removed", (data) => Deno.remove(data)],
    ["without a state", (_, state) => Deno.remove(state)],
    ["with a state that is none", (_, state) => Deno.writeTextFile(state, "{")],
    ["with a state of other things", (_, state) => Deno.writeTextFile(state, '{"ranges": 1}')],
  ];
  for (const [what, damage] of damages) {
    const before = bench.lease();
    await before.fetch([await bench.wanted(before, "a")], { signal: never });
    await before[Symbol.asyncDispose]();
    const [data = ""] = await entries(bench.cache);
    await damage(data, data.replace(/\.data$/, ".json"));
    const after = bench.lease();
    const wanted = await bench.wanted(after, "a");
    await after.fetch([wanted], { signal: never });
    assert.equal(bench.bytes(), body.length, what);
    assertSameBytes(await Deno.readFile(wanted.file), body, what);
    await after[Symbol.asyncDispose]();
  }
});

leaseTest("What was not used for the longest time goes first, and never what is in use", async (bench) => {
  const names = ["a", "b", "c"];
  for (const [i, name] of names.entries()) await bench.bucket.put(name, pattern(400_000, i));
  const wantedOf = async (lease: Lease, name: string) => await bench.wanted(lease, name);
  for (const name of ["a", "b"]) {
    const lease = bench.lease();
    await lease.fetch([await wantedOf(lease, name)], { signal: never });
    await lease[Symbol.asyncDispose]();
  }
  // Used in this order, whatever the clock's ticks: a long ago, b just now.
  const [first = ""] = await entries(bench.cache);
  const isA = Buffer.compare(await Deno.readFile(first), pattern(400_000, 0)) === 0;
  const a = isA ? first : (await entries(bench.cache))[1] ?? "";
  await Deno.utime(a.replace(/\.data$/, ".json"), new Date(0), new Date(0));
  bench.cache.limit = 1_000_000;
  const reader = bench.lease();
  const held = await wantedOf(reader, "c");
  await reader.fetch([held], { signal: never });
  const left = await Promise.all((await entries(bench.cache)).map((path) => Deno.readFile(path)));
  assert.deepEqual(left.map((bytes) => bytes[0]).sort(), [1, 2].map((seed) => pattern(4, seed)[0]).sort());
  bench.cache.limit = 0;
  const other = bench.lease();
  const wanted = await wantedOf(other, "b");
  await other.fetch([wanted], { signal: never });
  await other[Symbol.asyncDispose]();
  assert.equal((await entries(bench.cache)).length, 1);
  assertSameBytes(await Deno.readFile(held.file), pattern(400_000, 2));
  await reader[Symbol.asyncDispose]();
  assert.deepEqual(await entries(bench.cache), []);
});

leaseTest("A fetch that is stopped ends at once, and what came before is kept", async (bench) => {
  const body = pattern(9 << 20);
  await bench.bucket.put("a", body);
  const lease = bench.lease();
  const wanted = await bench.wanted(lease, "a");
  const stop = new AbortController();
  const first = Promise.withResolvers<void>();
  const last = "bytes=8388608-9437183";
  bench.proxy.fault({
    kind: "first",
    act: () => first.promise.then(() => stop.abort(new Error("enough"))),
  }, { when: ({ headers }) => headers.get("range") === last });
  const fetching = lease.fetch([wanted], {
    signal: stop.signal,
    onBytes: (done) => done === 8 << 20 && first.resolve(),
  });
  await assert.rejects(fetching, /enough/);
  await lease[Symbol.asyncDispose]();
  bench.proxy.clear();
  const later = bench.lease();
  await later.fetch([await bench.wanted(later, "a")], { signal: never });
  assert.equal(bench.bytes(), 1 << 20);
});

leaseTest("What a killed reader left is cleared away by the next one", async (bench) => {
  await bench.bucket.put("a", "text");
  const dead = join(bench.cache.folder, "leases", crypto.randomUUID());
  await Deno.mkdir(dead, { recursive: true });
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", "0"] }).spawn();
  await child.status;
  const owner = { pid: child.pid, host: Deno.hostname(), started: "0", since: new Date().toISOString() };
  await Deno.writeTextFile(join(dead, "owner.json"), JSON.stringify(owner));
  const lease = bench.lease();
  await lease.fetch([await bench.wanted(lease, "a")], { signal: never });
  const leases = await Array.fromAsync(Deno.readDir(join(bench.cache.folder, "leases")));
  assert.deepEqual(leases.map(({ name }) => join(bench.cache.folder, "leases", name)), [lease.folder]);
});

leaseTest("Without a cache folder everything is fetched, and nothing stays", async (bench) => {
  await bench.bucket.put("a", "text");
  const lease = openLease({ limit: 1e9 });
  const wanted = await bench.wanted(lease, "a");
  await lease.fetch([wanted], { signal: never });
  assert.equal(await Deno.readTextFile(wanted.file), "text");
  await lease[Symbol.asyncDispose]();
  await assert.rejects(Deno.stat(join(lease.folder, "../..")), Deno.errors.NotFound);
});

const FULL_DISK = "On a full disk a fetch fails with one clear error, and is whole once there is space";
if (!root) Deno.test.ignore(FULL_DISK, () => {});
else {
  leaseTest(FULL_DISK, (bench) =>
    withSmallDisk("1m", async ({ folder }) => {
      const body = pattern(900_000);
      await bench.bucket.put("a", body);
      await Deno.writeFile(join(folder, "filler"), new Uint8Array(500_000));
      const lease = openLease({ folder: join(folder, "cache"), limit: 1e9 });
      const wanted = await bench.wanted(lease, "a");
      await assert.rejects(lease.fetch([wanted], { signal: never }), (error) => {
        assert(error instanceof MlforgeError);
        assert.match(error.message, /^Can't keep a fetched source in ".*": the disk is full$/);
        return true;
      });
      await Deno.remove(join(folder, "filler"));
      await lease.fetch([wanted], { signal: never });
      assertSameBytes(await Deno.readFile(wanted.file), body);
      await lease[Symbol.asyncDispose]();
    }));
}
