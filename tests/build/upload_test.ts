import assert from "node:assert/strict";
import type { BuildEvent } from "../../src/build/report.ts";
import { wireTest } from "../stores/wire.ts";
import { openWorkshop } from "./workshop.ts";

wireTest("a build tells how much of each file has left for the store", async ({ store }) => {
  await using shop = await openWorkshop();
  const events: BuildEvent[] = [];
  await shop.build({ store, onEvent: (event) => events.push(event) });
  for (const feature of ["shops", "spend"]) {
    const sent = events.flatMap((e) => e.kind === "progress" && e.feature === feature && e.sent ? [e] : []);
    const built = events.find((e) => e.kind === "built" && e.feature === feature);
    assert.deepEqual(sent.at(-1), {
      kind: "progress",
      feature,
      phase: "uploading",
      sent: built?.kind === "built" ? built.bytes : 0,
      bytes: built?.kind === "built" ? built.bytes : 0,
    });
  }
});
