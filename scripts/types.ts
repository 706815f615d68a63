/**
 * `deno task types`: writes src/cli/init/mlforge_types.ts, which `mlforge init --template ts` leaves as mlforge.d.ts: what
 * `import ... from "mlforge"` gives to definitions, in one file, so that an editor needs neither a network nor packages.
 */
import { fileURLToPath } from "node:url";
import ts from "typescript";

const AUTHORING = "src/definitions/authoring.ts";
/** What its types are made of. */
const BELOW = ["src/error.ts", "src/definitions/checks/model.ts", "src/definitions/model.ts"];
/** Not authoring.ts's own, but given by mod.ts too. */
const TOO = ["Aggregation", "SourceFormat", "TransformFunction"];
/** For the loader, not for definitions. */
const HIDDEN = ["writtenOf"];
const OUT = new URL("../src/cli/init/mlforge_types.ts", import.meta.url);

interface Declaration {
  text: string;
  names: string[];
  /** Identifiers in it. */
  uses: Set<string>;
  /** Whether definitions may import it. */
  face: boolean;
}

/** The declarations of a module, types alone, in their order. */
function declarations(file: string): Declaration[] {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const { outputText } = ts.transpileDeclaration(Deno.readTextFileSync(path), {
    fileName: path,
    compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
  });
  const source = ts.createSourceFile("all.d.ts", outputText, ts.ScriptTarget.ESNext, true);
  return source.statements.filter((one) => !ts.isImportDeclaration(one) && !ts.isExportDeclaration(one))
    .map((statement) => {
      const names = ts.isVariableStatement(statement)
        ? statement.declarationList.declarations.map(({ name }) => name.getText())
        : "name" in statement
        ? [(statement.name as ts.Identifier).text]
        : [];
      const uses = new Set<string>();
      const visit = (node: ts.Node) => {
        if (ts.isIdentifier(node)) uses.add(node.text);
        node.forEachChild(visit);
      };
      visit(statement);
      const text = statement.getFullText().trim();
      return { text, names, uses, face: isFace(file, names, text) };
    });
}

function isFace(file: string, names: readonly string[], text: string): boolean {
  return names.some((name) => TOO.includes(name)) ||
    (file === AUTHORING && /^export /m.test(text) && !names.some((name) => HIDDEN.includes(name)));
}

/** The text of mlforge.d.ts. */
export function mlforgeTypes(): string {
  const all = [...BELOW, AUTHORING].flatMap(declarations);
  const wanted = new Set<Declaration>();
  const want = (declaration: Declaration) => {
    if (wanted.has(declaration)) return;
    wanted.add(declaration);
    all.filter(({ names }) => names.some((name) => declaration.uses.has(name))).forEach(want);
  };
  all.filter(({ face }) => face).forEach(want);
  // Only what definitions can import is exported: `export {}` makes the rest private.
  const texts = all.filter((one) => wanted.has(one)).map(({ text, face }) =>
    face ? text : text.replace(/^export (declare )?/m, "declare ")
  );
  return [
    '/** What definitions import from "mlforge". Written by mlforge; `mlforge schema types` prints it. */',
    "// Where apache-arrow is not installed, its tables are of any type.",
    'import type { Table } from "apache-arrow";',
    ...texts,
    "export {};\n",
  ].join("\n\n");
}

if (import.meta.main) {
  await Deno.writeTextFile(
    OUT,
    "// Written by `deno task types`.\n// deno-fmt-ignore-file\n" +
      `export const MLFORGE_TYPES = ${JSON.stringify(mlforgeTypes().split("\n"), null, 2)}.join("\\n");\n`,
  );
}
