import { loadProject } from "../../src/definitions/load.ts";

// Run by module_test.ts: loads the definitions it is told of, and answers what it found.
addEventListener("message", async (event) => {
  const project = await loadProject((event as MessageEvent<string>).data, { env: () => undefined });
  const [one] = project.features;
  const answer = [one?.name, one?.transform.kind === "function" && one.transform.text];
  (globalThis as unknown as { postMessage(message: unknown): void }).postMessage(answer);
});
