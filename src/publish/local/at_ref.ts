import { MlforgeError } from "../../error.ts";
import type { Meta } from "../meta.ts";
import { parseMeta, parsePointer } from "../read_meta.ts";
import { isFeatureName } from "./layout.ts";

/**
 * What is published in a local store at a state of git (a branch, a tag, a commit): by two calls of git for all
 * features, whatever stands in the working tree.
 */
export async function publishedAtRef(root: string, ref: string): Promise<Map<string, Meta>> {
  const listed = await git(root, ["ls-tree", "-r", "-z", "--name-only", ref, "--", "."], ref);
  const features = new TextDecoder().decode(listed).split("\0").flatMap((path) => {
    const [feature, file, ...more] = path.split("/");
    const isPointer = feature !== undefined && file === "_latest.json" && more.length === 0;
    return isPointer && isFeatureName(feature) ? [feature] : [];
  });
  const pointers = await readFiles(root, ref, features.map((feature) => `${feature}/_latest.json`));
  const paths = [...pointers].map(([path, text]) => {
    const { version } = parsePointer(text, `${ref}:${path}`);
    return `${path.slice(0, path.indexOf("/"))}/${version}/.meta.json`;
  });
  const metas = await readFiles(root, ref, paths);
  return new Map([...metas].map(([path, text]) => [
    path.slice(0, path.indexOf("/")),
    parseMeta(text, `${ref}:${path}`),
  ]));
}

/** Path -> text, of files that must be there. */
async function readFiles(root: string, ref: string, paths: readonly string[]): Promise<Map<string, string>> {
  if (paths.length === 0) return new Map();
  const asked = paths.map((path) => `${ref}:./${path}\n`).join("");
  const bytes = await git(root, ["cat-file", "--batch"], ref, asked);
  const decoder = new TextDecoder();
  const texts = new Map<string, string>();
  let at = 0;
  for (const path of paths) {
    // "<id> blob <size>\n", the file, "\n"; or "<name> missing\n".
    const end = bytes.indexOf(10, at);
    const size = Number(/ blob (\d+)$/.exec(decoder.decode(bytes.subarray(at, end)))?.[1]);
    if (!Number.isSafeInteger(size)) {
      throw new MlforgeError("failed", `Can't read ${path} at "${ref}": it is not there`, {
        hint: "The store was not whole in that state: a pointer names a version without metadata.",
      });
    }
    texts.set(path, decoder.decode(bytes.subarray(end + 1, end + 1 + size)));
    at = end + size + 2;
  }
  return texts;
}

async function git(root: string, args: string[], ref: string, input?: string): Promise<Uint8Array> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command("git", {
      args,
      cwd: root,
      stdin: input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (cause) {
    throw new MlforgeError("usage", "Can't run git", {
      hint: "--ref needs it, and the store's folder.",
      cause,
    });
  }
  const feeding = input === undefined ? undefined : feed(child.stdin, input);
  const { success, stdout, stderr } = await child.output();
  await feeding;
  if (success) return stdout;
  const said = new TextDecoder().decode(stderr).trim().split("\n")[0] ?? "";
  throw new MlforgeError("usage", `Can't read "${ref}" from git: ${said.replace(/^fatal: /, "")}`, {
    hint: "Name a branch, a tag or a commit of the repository that holds the store; git fetch may bring it.",
  });
}

/** While the answer is read: git stops reading names where nobody reads what it writes. */
async function feed(stdin: WritableStream<Uint8Array>, input: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch {
    // git ended early: its exit code tells why.
  }
}
