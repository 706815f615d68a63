import { MlforgeError } from "../../../src/error.ts";
import type { Context } from "../../../src/publish/object_store/exchange.ts";
import type { Key } from "../../../src/stores/key.ts";
import type { Body, Condition, Listed, PutResult, Store } from "../../../src/stores/store.ts";
import { allows, headOf, keysUnder, type Objects, type StoredObject, tokenOf } from "../memory_store.ts";
import { type Chance, seeded } from "./chance.ts";

/** One process of the run: what it still waits for is what the network still holds. */
export interface Client {
  name: string;
  alive: boolean;
  /** Its answers get lost from here on, all of them: it must end by itself, and say what it does not know. */
  cutOff: boolean;
  done: boolean;
}

/** A request on its way. `client` may have given up on it, or be dead: it may still be applied. */
interface Request {
  client: Client;
  text: string;
  write: boolean;
  settled: boolean;
  apply(): unknown;
  answer(result: unknown): void;
  /** What the client sees when no answer comes. */
  lose(): void;
}

/** How often what goes wrong, in this run. */
export interface Weather {
  lost: number;
  refused: number;
  repeated: number;
  /** Chance that the newest request goes first, not the oldest: the lower, the later the late ones. */
  newestFirst: number;
  /** Faults left. */
  faults: number;
}

/** What the store does wrong: a server that ignores conditions is not fit, and must be found out. */
export type Unfit = "ignores create" | "ignores match" | undefined;

export interface World {
  objects: Objects;
  /** Runs code as a process of its own on a store behind the network. */
  run(name: string, work: (context: Context, client: Client) => Promise<void>): Promise<Client>;
  /** Applies one request, wakes one sleeper, or lets one thing go wrong; false where nothing is left to do. */
  step(): Promise<boolean>;
  /** Of all that still run. */
  clients(): Client[];
  kill(client: Client): void;
  cutOff(client: Client): void;
  /** A write by something that is not mlforge: at once, and without a condition. */
  write(key: string, text: string, sha256: string): void;
  /** No more faults from here. */
  calm(): void;
  requests(): number;
}

/** Enough turns of the microtask queue for any client to reach its next request. */
const TURNS = 30;

export function newWorld(options: {
  chance: Chance;
  weather: Weather;
  unfit: Unfit;
  objects: Objects;
  /** Called for each change of an object, before anything else happens. */
  changed(key: string, before: StoredObject | undefined, after: StoredObject | undefined): void;
  trace: ((line: string) => void) | undefined;
}): World {
  const { chance, weather, objects, changed, trace, unfit } = options;
  const network: Request[] = [];
  const sleepers: { client: Client; at: number; wake(): void }[] = [];
  const clients: Client[] = [];
  let now = Date.UTC(2026, 0, 1);
  let requests = 0;
  let broken: unknown;

  function fault(probability: number): boolean {
    if (weather.faults === 0 || !chance.is(probability)) return false;
    weather.faults--;
    return true;
  }

  function ask<T>(
    client: Client,
    text: string,
    write: boolean,
    apply: () => T,
    unanswered?: () => T,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      requests++;
      const send = () => {
        const request: Request = {
          client,
          text,
          write,
          settled: false,
          apply,
          answer(result) {
            request.settled = true;
            resolve(result as T);
          },
          lose() {
            request.settled = true;
            if (unanswered !== undefined) resolve(unanswered());
            // What may be repeated is repeated by the store; some day it gives up.
            else if (!client.cutOff && chance.is(0.9)) send();
            else reject(new MlforgeError("failed", `The network failed: ${text}`));
          },
        };
        network.push(request);
      };
      send();
    });
  }

  function change(key: string, after: StoredObject | undefined): void {
    const before = objects.get(key);
    if (after === undefined) objects.delete(key);
    else objects.set(key, after);
    changed(key, before, after);
  }

  function put(client: Client, key: Key, body: Body, condition: Condition): Promise<PutResult> {
    const object: StoredObject = "bytes" in body
      ? { bytes: body.bytes, size: body.bytes.length, sha256: body.sha256 }
      : { size: body.size, sha256: body.sha256 };
    const ignored = "create" in condition ? unfit === "ignores create" : unfit === "ignores match";
    return ask<PutResult>(
      client,
      `put ${key} ${"create" in condition ? "create" : condition.match.slice(0, 6)}`,
      true,
      () => {
        if (!ignored && !allows(objects, key, condition)) return { kind: "conflict" };
        change(key, object);
        return { kind: "written", token: tokenOf(object) };
      },
      () => ({ kind: "unknown", cause: "no answer" }),
    );
  }

  function storeOf(client: Client): Store {
    return {
      head: (key) =>
        ask(client, `head ${key}`, false, () => {
          const object = objects.get(key);
          return object === undefined ? undefined : headOf(object);
        }),
      get: (key) =>
        ask(client, `get ${key}`, false, () => {
          const object = objects.get(key);
          if (object?.bytes === undefined) return undefined;
          return { ...headOf(object), body: whole(object.bytes) };
        }),
      async *list(prefix): AsyncIterable<Listed> {
        // Page by page, so that a listing is of no single moment.
        let after = "";
        for (;;) {
          const page = await ask(
            client,
            `list ${prefix} after ${after}`,
            false,
            () => keysUnder(objects, prefix).filter((key) => key > after).slice(0, 3),
          );
          for (const key of page) yield { key: key as Key, size: 0 };
          const last = page.at(-1);
          if (last === undefined) return;
          after = last;
        }
      },
      put: (key, body, condition) => put(client, key, body, condition),
      delete: (key) =>
        ask(client, `delete ${key}`, true, () => {
          if (objects.has(key)) change(key, undefined);
        }),
    };
  }

  /** Lets every client go on until it waits for the network. Nothing else in the process can: it is deterministic. */
  async function settle(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await undefined;
    if (broken !== undefined) throw broken;
  }

  function deliver(): void {
    const at = chance.is(0.5)
      ? chance.below(network.length)
      : chance.is(weather.newestFirst)
      ? network.length - 1
      : 0;
    const [request] = network.splice(at, 1);
    if (request === undefined) return;
    const { client, text, write } = request;
    const live = client.alive && !request.settled;
    if (!live && (!write || chance.is(0.15))) return trace?.(`${client.name}: ${text} vanished`);
    if (live && write && fault(weather.refused)) {
      trace?.(`${client.name}: ${text} refused`);
      return request.lose();
    }
    const twice = write && fault(weather.repeated);
    if (twice) request.apply();
    const result = request.apply();
    trace?.(`${client.name}: ${text}${live ? "" : ", late"}${twice ? ", twice" : ""} -> ${shown(result)}`);
    if (twice && chance.is(0.5)) network.push({ ...request, settled: true });
    if (!live) return;
    if (client.cutOff || fault(weather.lost)) {
      trace?.(`${client.name}: no answer to ${text}`);
      request.lose();
    } else request.answer(result);
    // A line that made a request be repeated may break for good.
    if (twice && chance.is(0.2)) client.cutOff = true;
  }

  return {
    objects,
    async run(name, work) {
      const client: Client = { name, alive: true, cutOff: false, done: false };
      clients.push(client);
      const own = seeded(chance.below(2 ** 32));
      const context: Context = {
        store: storeOf(client),
        clock: () => new Date(now),
        random: own.next,
        sleep: (milliseconds) =>
          new Promise((resolve) => sleepers.push({ client, at: now + milliseconds, wake: resolve })),
      };
      trace?.(`${name} begins`);
      work(context, client).then(() => {}, (error) => broken ??= error).then(() => {
        client.done = true;
        trace?.(`${name} ends`);
      });
      await settle();
      return client;
    },
    async step() {
      // A client that stopped waiting: its request is still under way, and may be applied at any later time.
      const waiting = network.filter((request) => request.client.alive && !request.settled);
      if (waiting.length > 0 && fault(weather.lost)) {
        const request = chance.pick(waiting);
        trace?.(`${request.client.name}: gave up waiting for ${request.text}`);
        request.lose();
      } else if (network.length > 0 && (sleepers.length === 0 || chance.is(0.9))) deliver();
      else if (sleepers.length > 0) {
        sleepers.sort((a, b) => a.at - b.at);
        const sleeper = sleepers.shift();
        now = Math.max(now, sleeper?.at ?? now);
        if (sleeper?.client.alive) sleeper.wake();
      } else return false;
      await settle();
      return true;
    },
    clients: () => clients.filter((client) => client.alive && !client.done),
    write(key, text, sha256) {
      trace?.(`something else writes ${key}`);
      const bytes = new TextEncoder().encode(text);
      change(key, { bytes, size: bytes.length, sha256 });
    },
    kill(client) {
      trace?.(`${client.name} is killed`);
      client.alive = false;
    },
    cutOff(client) {
      trace?.(`${client.name} is cut off`);
      client.cutOff = true;
    },
    calm() {
      weather.faults = 0;
    },
    requests: () => requests,
  };
}

/** A body in one chunk. Readers iterate over it, which is all the simulation needs of a stream. */
function whole(bytes: Uint8Array): ReadableStream<Uint8Array> {
  const body: AsyncIterable<Uint8Array> = {
    async *[Symbol.asyncIterator]() {
      yield await Promise.resolve(bytes);
    },
  };
  return body as ReadableStream<Uint8Array>;
}

function shown(result: unknown): string {
  if (result === undefined) return "nothing";
  if (Array.isArray(result)) return result.join(" ");
  if (typeof result !== "object" || result === null) return String(result);
  if ("kind" in result) return String(result.kind);
  return "token" in result ? String(result.token).slice(0, 6) : "an object";
}
