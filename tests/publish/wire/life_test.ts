import assert from "node:assert/strict";
import { MlforgeError } from "../../../src/error.ts";
import { openPublisher } from "../../../src/publish/open.ts";
import { wireTest } from "../../stores/wire.ts";
import { ALL_OLD, buildTexts, dataText, WHO } from "../sample_batch.ts";

const FEATURES = ["clicks", "visits"];

/** What may become of a move in a crowd: done, lost, or refused since its version is gone. */
async function unlessOvertaken(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof MlforgeError) || !["lost", "usage"].includes(error.code)) throw error;
  }
}

wireTest(
  "builders, rollbacks, retirements and collectors at once leave a store that is whole",
  async ({ direct }) => {
    const texts = (name: string) =>
      Object.fromEntries(FEATURES.map((feature) => [feature, `${feature} of ${name}`]));
    await buildTexts(await openPublisher(direct), texts("first"));
    let building = true;
    const builder = async (name: string) => {
      const publisher = await openPublisher(direct);
      for (let round = 0; round < 4; round++) {
        await buildTexts(publisher, texts(`${name} ${round}`), {
          rounds: 20,
        });
      }
    };
    const mover = async () => {
      while (building) {
        const publisher = await openPublisher(direct);
        const [oldest] = await publisher.versions("clicks");
        await unlessOvertaken(() => publisher.move([{ feature: "clicks", version: oldest ?? null }], WHO));
        await unlessOvertaken(() => publisher.move([{ feature: "visits", version: null }], WHO));
      }
    };
    const collector = async () => {
      while (building) await (await openPublisher(direct)).collect(ALL_OLD, WHO);
    };
    const others = [mover(), collector()];
    await Promise.all([builder("ann"), builder("bob")]).finally(() => building = false);
    await Promise.all(others);

    const publisher = await openPublisher(direct);
    await (await publisher.begin(WHO)).close();
    assert.deepEqual(
      (await publisher.verify({ thorough: true })).findings.filter(({ kind }) => kind === "damage"),
      [],
    );
    for (const [feature, { version }] of (await publisher.read()).features) {
      assert.match(await dataText(publisher, feature, version), new RegExp(`^${feature} of `));
    }
    // What collectors left, because a commit was on its way, goes now; then nothing is left over.
    await publisher.collect(ALL_OLD, WHO);
    assert.deepEqual((await publisher.verify({ thorough: true })).findings, []);
  },
);
