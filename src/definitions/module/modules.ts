import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import * as authoring from "../authoring.ts";
import { addLocator } from "../caller.ts";
import { MlforgeError, throwAll } from "../../error.ts";
import { suggestName } from "../../nearest.ts";
import { missingExports } from "./exports.ts";
import { type Import, readImports, resolveImport } from "./imports.ts";
import { rewrite, type Rewritten } from "./rewrite.ts";
import { strip, type Stripped } from "./strip.ts";

/** A module of the user that has been read, and where its copy runs. */
export interface Module extends Stripped {
  imports: Import[];
  /** URL of the copy. */
  url: string;
  rewritten?: Rewritten;
}

/** Where copies find what `import ... from "mlforge"` gives, and the loader for an `import()`. */
const HOST: unique symbol = Symbol.for("mlforge.host");

interface Host {
  readonly face: typeof authoring;
  readonly loaders: Modules[];
  import(loader: number, specifier: unknown, from: string): Promise<unknown>;
}

function host(): Host {
  const shared = globalThis as { [HOST]?: Host };
  return shared[HOST] ??= {
    face: authoring,
    loaders: [],
    import: (loader, specifier, from) => host().loaders[loader]!.importLate(String(specifier), from),
  };
}

const copies = new Map<string, Module>();
let locating = false;

/**
 * Modules of one load of definitions. JavaScript that can run as it is, is copied to a private folder (mode 0700) with
 * types off and imports pointed there, imported, and the folder removed: nothing is written beside the user's files,
 * and it works the same in source, in a worker and in a compiled binary, which neither strips types nor looks up packages.
 */
export class Modules {
  readonly #byFile = new Map<string, Module>();
  readonly #id: number;
  /** One import() after the other reads and writes copies; what they run goes on beside. */
  #copying: Promise<void> = Promise.resolve();

  constructor() {
    this.#id = host().loaders.push(this) - 1;
    if (!locating) addLocator((url, line, column) => copies.get(url)?.rewritten?.placeOf(line, column));
    locating = true;
  }

  /** All modules read so far, in the order of reading. */
  all(): Module[] {
    return [...this.#byFile.values()];
  }

  get(file: string): Module | undefined {
    return this.#byFile.get(file);
  }

  /** Imports a file and all that it imports. Throws what is wrong in any of them, all at once. */
  async import(file: string): Promise<Record<string, unknown>> {
    const folder = await Deno.makeTempDir({ prefix: "mlforge-" });
    try {
      const copied = this.#copying.then(() => this.#copy(file, folder));
      this.#copying = copied.catch(() => {});
      await copied;
      return await import(this.#byFile.get(file)!.url);
    } finally {
      // A module that has been loaded is not read again, and an import() goes through importLate.
      await Deno.remove(folder, { recursive: true });
    }
  }

  async #copy(file: string, folder: string): Promise<void> {
    if (this.#byFile.has(file)) return;
    const fresh = await this.read(file, folder);
    const shim = join(folder, "mlforge.mjs");
    await Deno.writeTextFile(shim, shimText());
    for (const module of fresh) await this.#write(module, pathToFileURL(shim).href);
  }

  /** Reads a file and all that it imports, without running them; gives those that were not known. */
  async read(file: string, folder = Deno.cwd()): Promise<Module[]> {
    const fresh: Module[] = [];
    const errors: MlforgeError[] = [];
    await this.#read(file, folder, fresh, errors);
    if (errors.length === 0) {
      errors.push(...fresh.flatMap((module) => missingExports(module, (other) => this.get(other))));
    }
    if (errors.length > 0) fresh.forEach((module) => this.#byFile.delete(module.file));
    throwAll(errors);
    return fresh;
  }

  async importLate(specifier: string, from: string): Promise<unknown> {
    const target = resolveImport(specifier, from);
    switch (target.kind) {
      case "mlforge":
        return authoring;
      case "node":
        return await import(target.name);
      case "file":
        return await this.import(target.file);
    }
  }

  async #read(file: string, folder: string, fresh: Module[], errors: MlforgeError[]): Promise<void> {
    if (this.#byFile.has(file)) return;
    let stripped: Stripped;
    try {
      stripped = await strip(file, await Deno.readTextFile(file));
    } catch (error) {
      if (!(error instanceof MlforgeError)) throw error;
      errors.push(error);
      return;
    }
    const imports = readImports(stripped, errors);
    // The number keeps files of one name apart; the name is what a debugger shows.
    const copy = join(folder, `${this.#byFile.size}-${basename(file)}.mjs`);
    const module: Module = { ...stripped, imports, url: pathToFileURL(copy).href };
    this.#byFile.set(file, module);
    fresh.push(module);
    for (const { target, names } of imports) {
      if (target.kind === "file") await this.#read(target.file, folder, fresh, errors);
      if (target.kind === "mlforge") errors.push(...unknownNames(names, module));
    }
  }

  async #write(module: Module, shim: string): Promise<void> {
    const url = ({ target }: Import) => {
      if (target.kind === "mlforge") return shim;
      return target.kind === "node" ? target.name : this.#byFile.get(target.file)!.url;
    };
    const late = `((s) => globalThis[Symbol.for("mlforge.host")].import(${this.#id}, s, ${
      JSON.stringify(module.file)
    }))`;
    module.rewritten = rewrite(module, module.imports, url, late);
    copies.set(module.url, module);
    await Deno.writeTextFile(new URL(module.url), module.rewritten.code);
  }
}

/** Names that definitions can import from mlforge. */
const FACE = Object.keys(authoring).filter((name) => name !== "writtenOf");

function shimText(): string {
  host();
  return `const { face } = globalThis[Symbol.for("mlforge.host")];\n` +
    FACE.map((name) => `export const ${name} = face.${name};\n`).join("");
}

function unknownNames(names: Import["names"], module: Stripped): MlforgeError[] {
  return names.filter(({ name }) => !FACE.includes(name)).map(({ name, start }) =>
    new MlforgeError("usage", `Can't import "${name}": mlforge has nothing of that name for definitions`, {
      place: module.placeAt(start),
      hint: suggestName(name, FACE),
    })
  );
}
