import { lazily } from "../lazy.ts";
import { resolve } from "../path.ts";
import { dataState, findData, openData, versionStates } from "./local/data.ts";
import { layoutOf } from "./local/layout.ts";
import { readMetadata, readSnapshot, readVersions } from "./local/reading.ts";
import type { Meta } from "./meta.ts";
import type { Publisher } from "./publisher.ts";

export interface LocalPublisherOptions {
  /** Told, where this process waits for another one that is publishing, who that is. */
  onWait?: (text: string) => void;
}

/**
 * A folder as the offline store. Its files are what git moves, so pointers and metadata are the truth; a batch becomes
 * visible by one rename of the journal. docs/publishing.md has the protocol.
 */
export function openLocalPublisher(root: string, options: LocalPublisherOptions = {}): Publisher {
  const layout = layoutOf(resolve(root));
  /** Metadata of the last look, by feature: asked for again, it is of the same moment, and read once. */
  const looked = new Map<string, Meta>();
  return {
    read: () => readSnapshot(layout, looked),
    metadata: async (feature, version) => {
      const seen = looked.get(feature);
      return seen?.version === version ? seen : await readMetadata(layout, feature, version);
    },
    versions: (feature) => readVersions(layout, feature),
    versionStates: (feature) => versionStates(layout, feature),
    dataState: (data, { thorough = false } = {}) => dataState(layout, data, thorough),
    dataPath: (feature, version) => findData(layout, feature, version),
    openData: (feature, version) => openData(layout, feature, version),
    begin: async (who) => (await writing()).begin(layout, who, options),
    move: async (moves, who) => {
      const { move } = await lazily<typeof import("./local/move.ts")>("./local/move.ts", import.meta.url);
      return await move(layout, moves, who, options);
    },
    collect: async (policy, who) => await (await collecting()).collect(layout, policy, who, options),
    wouldCollect: async (policy) => await (await collecting()).wouldCollect(layout, policy),
    verify: async ({ thorough = false } = {}) => await (await verifying()).verify(layout, { thorough }),
    mend: async (findings) => await (await verifying()).mend(layout, findings),
    async *log() {
      const { readLog } = await lazily<typeof import("./local/log.ts")>("./local/log.ts", import.meta.url);
      yield* readLog(layout);
    },
    stage: async (request) => (await writing()).stage(layout, request),
  };
}

const collecting = () => lazily<typeof import("./local/collect.ts")>("./local/collect.ts", import.meta.url);

const verifying = () => lazily<typeof import("./local/verify.ts")>("./local/verify.ts", import.meta.url);

/** Whoever only reads does without semver and the rest: 20 ms. */
const writing = () => lazily<typeof import("./local/batch.ts")>("./local/batch.ts", import.meta.url);
