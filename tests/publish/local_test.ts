import { openLocalPublisher } from "../../src/publish/local.ts";
import { testPublisher } from "./contract.ts";

testPublisher("local publisher", async () => {
  const folder = await Deno.makeTempDir();
  return {
    open: () => Promise.resolve(openLocalPublisher(`${folder}/store`)),
    dispose: () => Deno.remove(folder, { recursive: true }),
  };
});
