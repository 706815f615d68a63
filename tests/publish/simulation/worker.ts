import { runMany } from "./many.ts";
import { loadProduct } from "./product.ts";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<{ from: number; to: number }>) => void;
  postMessage(message: unknown): void;
};
scope.onmessage = async ({ data }) => {
  scope.postMessage(await runMany(await loadProduct(), data.from, data.to));
};
