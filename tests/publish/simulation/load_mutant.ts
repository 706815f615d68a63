import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./mutants.ts";
import { loadProduct, type Product, REPOSITORY } from "./product.ts";

/** The product with one fault: patched copies in a folder, which is removed with `dispose`. */
export async function loadMutant(mutant: Mutant): Promise<{ product: Product; dispose(): Promise<void> }> {
  const folder = await Deno.makeTempDir({ prefix: "mutant-" });
  const copied = ["src/stores/key.ts", "src/stores/store.ts"];
  for (const part of ["src", "src/publish", "src/publish/object_store"]) {
    for await (const { name, isFile } of Deno.readDir(new URL(part, REPOSITORY))) {
      if (isFile) copied.push(`${part}/${name}`);
    }
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
