import assert from "node:assert/strict";
import { bodyOfChunks, type Chunks } from "../../src/stores/chunks.ts";
import { isTimeout, once, type Patience, repeat, resumed, type Timing } from "../../src/stores/retry.ts";

const PATIENCE: Patience = { tries: 4, silence: 1_000, total: 10_000 };
const transient = (error: unknown) => error instanceof Error && error.message.startsWith("transient");

/** Time that passes only by sleeping, with waits of the greatest length. */
function clock(): Timing & { slept: number[]; pass(milliseconds: number): void } {
  let time = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => time,
    pass: (milliseconds) => time += milliseconds,
    random: () => 1,
    sleep(milliseconds) {
      slept.push(milliseconds);
      time += milliseconds;
      return Promise.resolve();
    },
  };
}

function failing<T>(errors: readonly string[], value: T): { work: () => Promise<T>; tries: () => number } {
  let tries = 0;
  return {
    tries: () => tries,
    work() {
      const error = errors[tries++];
      return error === undefined ? Promise.resolve(value) : Promise.reject(new Error(error));
    },
  };
}

Deno.test("repeat() tries again after transient errors, with growing waits", async () => {
  const timing = clock();
  const { work, tries } = failing(["transient 1", "transient 2", "transient 3"], "done");
  assert.equal(await repeat(work, { patience: PATIENCE, transient, timing }), "done");
  assert.equal(tries(), 4);
  assert.deepEqual(timing.slept, [200, 400, 800]);
});

Deno.test("repeat() throws any other error at once, as it is", async () => {
  const { work, tries } = failing(["transient 1", "denied"], "done");
  await assert.rejects(repeat(work, { patience: PATIENCE, transient, timing: clock() }), /^Error: denied$/);
  assert.equal(tries(), 2);
});

Deno.test("repeat() gives the last error after its last try", async () => {
  const { work, tries } = failing(Array.from({ length: 9 }, (_, i) => `transient ${i + 1}`), "done");
  await assert.rejects(
    repeat(work, { patience: PATIENCE, transient, timing: clock() }),
    /^Error: transient 4$/,
  );
  assert.equal(tries(), 4);
});

Deno.test("repeat() does not wait past its total", async () => {
  const timing = clock();
  let tries = 0;
  const work = () => {
    tries++;
    timing.pass(4_900);
    return Promise.reject(new Error("transient"));
  };
  await assert.rejects(repeat(work, { patience: PATIENCE, transient, timing }), /transient/);
  assert.equal(tries, 2);
});

Deno.test("repeat() counts its total from the last sign of life", async () => {
  const timing = clock();
  let tries = 0;
  const work = ({ alive }: { alive(): void }) => {
    tries++;
    timing.pass(9_900);
    alive();
    return Promise.reject(new Error("transient"));
  };
  await assert.rejects(repeat(work, { patience: PATIENCE, transient, timing }), /transient/);
  assert.equal(tries, 4);
});

Deno.test("repeat() leaves a silent try behind, aborts it, and tries again", async () => {
  const signals: AbortSignal[] = [];
  const work = ({ signal }: { signal: AbortSignal }) => {
    signals.push(signal);
    return signals.length < 3 ? new Promise<string>(() => {}) : Promise.resolve("done");
  };
  const patience = { ...PATIENCE, silence: 1 };
  assert.equal(await repeat(work, { patience, transient: () => false, timing: clock() }), "done");
  assert.deepEqual(signals.map((signal) => signal.aborted), [true, true, false]);
});

Deno.test("once() never tries again, and its time-out is known as one", async () => {
  let tries = 0;
  const error = await once(() => {
    tries++;
    return new Promise<string>(() => {});
  }, 1).then(() => undefined, (error: unknown) => error);
  assert.equal(tries, 1);
  assert.ok(isTimeout(error));
  assert.ok(!isTimeout(new Error("No answer for 1 s")));
});

const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);

/** The bytes from an offset on, in tens, ending as told after so many of them. */
function body(
  offset: number,
  ends: "whole" | "early" | "error" | "silent",
  after = 100,
): ReadableStream<Uint8Array> {
  let at = offset;
  const end = ends === "whole" ? 100 : Math.min(100, offset + after);
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      if (at < end) return controller.enqueue(bytes.slice(at, at = Math.min(at + 10, end)));
      if (ends === "error") return controller.error(new Error("reset by peer"));
      if (ends === "silent") return new Promise<void>(() => {});
      controller.close();
      controller.byobRequest?.respond(0);
    },
  }, { highWaterMark: 0 });
}

async function read(chunks: Chunks): Promise<Uint8Array> {
  return new Uint8Array(await new Response(bodyOfChunks(chunks)).arrayBuffer());
}

const explain = (error: unknown) => new Error(`In words: ${error}`);

for (const ends of ["early", "error", "silent"] as const) {
  Deno.test(`resumed() goes on where a body breaks off (${ends})`, async () => {
    const offsets: number[] = [];
    const reopen = (offset: number) => {
      offsets.push(offset);
      return Promise.resolve(offsets.length < 3 ? body(offset, ends, 25) : body(offset, "whole"));
    };
    const patience = { ...PATIENCE, silence: 20 };
    const chunks = resumed(body(0, ends, 25), { length: 100, reopen, explain, patience, timing: clock() });
    assert.deepEqual(await read(chunks), bytes);
    assert.deepEqual(offsets, [25, 50, 75]);
  });
}

Deno.test("resumed() gives up where nothing comes any more", async () => {
  let reopened = 0;
  const reopen = (offset: number) => {
    reopened++;
    return Promise.resolve(body(offset, "early", 0));
  };
  const chunks = resumed(body(0, "early", 30), {
    length: 100,
    reopen,
    explain,
    patience: PATIENCE,
    timing: clock(),
  });
  await assert.rejects(read(chunks), /^Error: In words: .*ended after 30 of 100 bytes/);
  assert.equal(reopened, 3);
});

Deno.test("resumed() passes on that the state is gone", async () => {
  const reopen = () => Promise.reject(new Error("it was changed meanwhile"));
  const chunks = resumed(body(0, "early", 30), {
    length: 100,
    reopen,
    explain,
    patience: PATIENCE,
    timing: clock(),
  });
  await assert.rejects(read(chunks), /it was changed meanwhile/);
});

Deno.test("resumed() never gives more bytes than there are", async () => {
  const chunks = resumed(body(0, "whole"), {
    explain,
    length: 95,
    reopen: (offset) => Promise.resolve(body(offset, "whole")),
    patience: PATIENCE,
    timing: clock(),
  });
  await assert.rejects(read(chunks), /^Error: In words: .*longer than 95 bytes/);
});

Deno.test("resumed() lets go of its body when the reader does", async () => {
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    type: "bytes",
    pull: (controller) => controller.enqueue(bytes.slice()),
    cancel: () => void (cancelled = true),
  });
  const reopen = () => Promise.reject(new Error("no"));
  const chunks = resumed(endless, { length: 1000, explain, reopen });
  await chunks.read(new Uint8Array(10));
  chunks.leave();
  assert.ok(cancelled);
});

Deno.test("resumed() asks for nothing more once the reader let go of it", async () => {
  let reopened = 0;
  const asked = Promise.withResolvers<void>();
  const silent = new ReadableStream<Uint8Array>({ type: "bytes", pull: () => asked.resolve() });
  const reopen = () => {
    reopened++;
    return Promise.resolve(body(0, "whole"));
  };
  const chunks = resumed(silent, { length: 100, explain, reopen, patience: PATIENCE, timing: clock() });
  const reading = chunks.read(new Uint8Array(10));
  await asked.promise;
  chunks.leave();
  assert.equal(await reading, undefined);
  // All that was set off by it has run.
  await new Promise((resume) => setTimeout(resume));
  assert.equal(reopened, 0);
});
