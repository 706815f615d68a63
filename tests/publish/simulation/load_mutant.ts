import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./mutants.ts";
import { loadProduct, type Product, REPOSITORY } from "./product.ts";

/** The product with one fault: patched copies in a folder, which is removed with `dispose`. */
export async function loadMutant(mutant: Mutant): Promise<{ product: Product; dispose(): Promise<void> }> {
  const folder = await Deno.makeTempDir({ prefix: "mutant-" });
  const copied = ["error.ts", "nearest.ts", "stores/key.ts", "stores/store.ts"].map((file) => `src/${file}`);
  for await (const { name, isFile } of Deno.readDir(new URL("src/publish/", REPOSITORY))) {
    if (isFile) copied.push(`src/publish/${name}`);
  }
  for await (const { name } of Deno.readDir(new URL("src/publish/object_store/", REPOSITORY))) {
    copied.push(`src/publish/object_store/${name}`);
  }
  for (const file of copied) {
    const to = join(folder, file);
    await Deno.mkdir(dirname(to), { recursive: true });
    await Deno.copyFile(fileURLToPath(new URL(file, REPOSITORY)), to);
  }
  for (const { file, find, replace } of mutant.patches) {
    const path = join(folder, "src/publish/object_store", file);
    const text = await Deno.readTextFile(path);
    const found = text.split(find).length - 1;
    if (found !== 1) {
      throw new Error(`Mutant "${mutant.name}": ${file} holds ${found} times what it patches: ${find}`);
    }
    await Deno.writeTextFile(path, text.replace(find, () => replace));
  }
  return { product: await loadProduct(folder), dispose: () => Deno.remove(folder, { recursive: true }) };
}
