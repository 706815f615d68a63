import assert from "node:assert/strict";
import { join } from "node:path";
import { MlforgeError } from "../../src/error.ts";
import { openLocalPublisher } from "../../src/publish/local.ts";
import { stableJson } from "../../src/publish/meta.ts";
import type { Publisher } from "../../src/publish/publisher.ts";
import type { Finding } from "../../src/publish/verify.ts";
import { publishTexts, sha256, WHO } from "./contract.ts";
import { spawnChild } from "./kill/whole.ts";

/** Two versions of clicks and one of visits. */
async function publishSample(publisher: Publisher): Promise<void> {
  await publishTexts(publisher, { clicks: "c1", visits: "v1" });
  await publishTexts(publisher, { clicks: "c2" });
}

async function withStore(body: (store: string, publisher: Publisher) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "mlforge-test-" });
  try {
    const publisher = openLocalPublisher(`${folder}/store`);
    await publishSample(publisher);
    await body(`${folder}/store`, publisher);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const brief = (findings: readonly Finding[]) => findings.map(({ kind, where }) => `${kind} ${where}`);

async function edit(path: string, change: (text: string) => string): Promise<void> {
  await Deno.writeTextFile(path, change(await Deno.readTextFile(path)));
}

Deno.test("verify() finds nothing in a whole store, nor in a clone of it without data", async () => {
  await withStore(async (store, publisher) => {
    const { findings, versions } = await publisher.verify({ thorough: true });
    assert.deepEqual(findings, []);
    assert.deepEqual(
      versions.map(({ feature, version, published, state }) => [feature, version, published, state]),
      [
        ["clicks", "1.0.0", false, "here"],
        ["clicks", "1.1.0", true, "here"],
        ["visits", "1.0.0", true, "here"],
      ],
    );
    for (const place of ["clicks/1.0.0", "clicks/1.1.0", "visits/1.0.0"]) {
      await Deno.remove(join(store, place, "data.parquet"));
    }
    await Deno.remove(join(store, "_mlforge"), { recursive: true });
    const clone = await publisher.verify();
    assert.deepEqual(clone.findings, []);
    assert.ok(clone.versions.every(({ state }) => state === "absent"));
  });
});

interface Damage {
  what: string;
  make(store: string): Promise<void>;
  /** `kind where`, and words of the finding. */
  found: [string, RegExp];
  /** Whether it takes reading every byte. */
  thorough?: boolean;
  mends?: boolean;
}

const META = "clicks/1.1.0/.meta.json";
const DATA = "clicks/1.1.0/data.parquet";
const POINTER = "clicks/_latest.json";

const DAMAGES: Damage[] = [
  {
    what: "a flipped bit that size and time do not show",
    async make(store) {
      const path = join(store, DATA);
      const { atime, mtime } = await Deno.stat(path);
      await Deno.writeTextFile(path, "cX");
      await Deno.utime(path, atime ?? 0, mtime ?? 0);
    },
    found: [`damage ${DATA}`, /not what its metadata names.*mlforge sync --features clicks puts it right/],
    thorough: true,
  },
  {
    what: "data that is cut short",
    make: (store) => Deno.truncate(join(store, DATA), 1),
    found: [`damage ${DATA}`, /cut short/],
  },
  {
    what: "changed data of an older version",
    make: (store) => Deno.writeTextFile(join(store, "clicks/1.0.0/data.parquet"), "other"),
    found: ["damage clicks/1.0.0/data.parquet", /--features clicks --version 1\.0\.0/],
  },
  {
    what: "half-written metadata",
    make: (store) => edit(join(store, META), (text) => text.slice(0, 100)),
    found: [`damage ${META}`, /not whole JSON/],
  },
  {
    what: "metadata of a newer format",
    make: (store) => edit(join(store, META), (text) => text.replace('"format": 1', '"format": 2')),
    found: [`damage ${META}`, /newer than 1.*update this one/],
  },
  {
    what: "metadata without a field",
    make: (store) =>
      edit(join(store, META), (text) => text.replace('"keys"', '"kess"').replace('"row_count"', '"rows"')),
    found: [`damage ${META}`, /"row_count" is not a whole number/],
  },
  {
    what: "metadata of another version in its place",
    make: (store) => Deno.copyFile(join(store, "clicks/1.0.0/.meta.json"), join(store, META)),
    found: [`damage ${META}`, /it is of "clicks" 1\.0\.0/],
  },
  {
    what: "a schema that is not the one that was hashed",
    make: (store) => edit(join(store, META), (text) => text.replace('"dtype": "int64"', '"dtype": "utf8"')),
    found: [`damage ${META}`, /columns do not fit its schema_hash/],
  },
  {
    what: "a merge's conflict in a pointer",
    make: (store) =>
      edit(join(store, POINTER), (text) => `<<<<<<< HEAD\n${text}=======\n${text}>>>>>>> other\n`),
    found: [`damage ${POINTER}`, /a merge left its conflict.*git checkout --ours/],
  },
  {
    what: "a pointer to nowhere",
    make: (store) => Deno.writeTextFile(join(store, POINTER), stableJson({ version: "7.0.0" })),
    found: [`damage ${POINTER}`, /names version 7\.0\.0, which has no metadata.*mlforge rollback/],
  },
  {
    what: "a pointer to what is no version",
    make: (store) => Deno.writeTextFile(join(store, POINTER), stableJson({ version: "../x" })),
    found: [`damage ${POINTER}`, /"version" is not a version/],
  },
  {
    what: "a broken journal",
    make: (store) => Deno.writeTextFile(join(store, "_mlforge/journal.json"), "{"),
    found: ["damage _mlforge/journal.json", /Delete this file/],
  },
  {
    what: "a missing .gitignore",
    make: (store) => Deno.remove(join(store, "clicks/.gitignore")),
    found: ["damage clicks/.gitignore", /git would take the data/],
    mends: true,
  },
  {
    what: "data without metadata",
    async make(store) {
      await Deno.mkdir(join(store, "clicks/1.2.0"));
      await Deno.writeTextFile(join(store, "clicks/1.2.0/data.parquet"), "orphan");
    },
    found: ["leftover clicks/1.2.0/data.parquet", /mlforge gc removes it/],
  },
  {
    what: "an empty folder of a version",
    make: (store) => Deno.mkdir(join(store, "clicks/1.2.0")),
    found: ["leftover clicks/1.2.0", /an empty folder/],
    mends: true,
  },
  {
    what: "a foreign file beside the data",
    make: (store) => Deno.writeTextFile(join(store, "clicks/1.1.0/notes.txt"), "mine"),
    found: ["leftover clicks/1.1.0/notes.txt", /nothing of mlforge's/],
  },
  {
    what: "a foreign file in a feature's folder",
    make: (store) => Deno.writeTextFile(join(store, "clicks/data.parquet"), "mine"),
    found: ["leftover clicks/data.parquet", /nothing of mlforge's/],
  },
  {
    what: "what a dead build left",
    async make(store) {
      await Deno.mkdir(join(store, "_mlforge/tx/dead"));
      await Deno.writeTextFile(join(store, "_mlforge/tx/dead/part.parquet"), "x");
    },
    found: ["leftover _mlforge/tx/dead", /a build that died/],
    mends: true,
  },
];

for (const { what, make, found: [where, words], thorough = false, mends = false } of DAMAGES) {
  Deno.test(`verify() finds ${what}${mends ? ", and mends it" : ""}; nothing else crashes or lies`, async () => {
    await withStore(async (store, publisher) => {
      await make(store);
      const { findings } = await publisher.verify({ thorough });
      assert.deepEqual(brief(findings), [where]);
      const [finding] = findings;
      assert.match(`${finding?.what} ${finding?.hint}`, words);
      if (thorough) assert.deepEqual((await publisher.verify()).findings, []);
      // The other feature is as it was, or the error names the file that is broken.
      const other = openLocalPublisher(store);
      const seen = await other.read().catch((error) => error);
      if (seen instanceof MlforgeError) {
        assert.match(seen.message, /_latest\.json|\.meta\.json|journal\.json/);
      } else assert.equal(seen.features.get("visits")?.content_hash, sha256("v1"));
      assert.equal(finding?.mendable, mends);
      if (!mends) return;
      await publisher.mend(findings, WHO);
      assert.deepEqual((await publisher.verify()).findings, []);
    });
  });
}

Deno.test({
  name: "verify() tells an interrupted commit, and mend() completes it",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "mlforge-test-" });
    try {
      const killed = await spawnChild(folder, "killed", 1, "--kill-at", "orders/_latest.json").output();
      assert.equal(killed.signal, "SIGKILL");
      const publisher = openLocalPublisher(folder);
      const { findings } = await publisher.verify();
      assert.ok(brief(findings).includes("unfinished _mlforge/journal.json"));
      await publisher.mend(findings, WHO);
      const after = await publisher.verify();
      assert.deepEqual(after.findings, []);
      assert.equal(after.versions.filter(({ published }) => published).length, 3);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("a retired feature is no damage, and a deleted pointer lets a rollback publish a version", async () => {
  await withStore(async (store, publisher) => {
    await Deno.writeTextFile(join(store, POINTER), "{");
    await Deno.remove(join(store, POINTER));
    assert.deepEqual((await publisher.verify()).findings, []);
    await publisher.move([{ feature: "clicks", version: "1.0.0" }], WHO);
    assert.equal((await publisher.read()).features.get("clicks")?.version, "1.0.0");
  });
});
