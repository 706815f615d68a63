import type { Invariant } from "./ledger.ts";

/** One fault, as a patch of mlforge's own source: `find` must stand there exactly once. */
export interface Mutant {
  name: string;
  /** The promise that it breaks. */
  breaks: Invariant;
  /** A seed whose run catches it. `run.ts --mutant "NAME"` finds others. */
  seed: number;
  patches: { file: string; find: string; replace: string }[];
}

function one(file: string, find: string, replace: string): Mutant["patches"] {
  return [{ file, find, replace }];
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "overwrites data that stands there",
    breaks: "committed data",
    seed: 0,
    patches: one(
      "stage.ts",
      "() => context.store.put(key, body, { create: true })",
      `async () => {
    const head = await context.store.head(key);
    return await context.store.put(key, body, head === undefined ? { create: true } : { match: head.token });
  }`,
    ),
  },
  {
    name: "takes data that stands there for its own",
    breaks: "committed data",
    seed: 0,
    patches: one("stage.ts", "return head.sha256 === sha256;", "return true;"),
  },
  {
    name: "collects what it has not withdrawn",
    breaks: "committed data",
    seed: 2,
    patches: one(
      "collect.ts",
      "raised === undefined ? from : await writeMoment(context, from, { tx, ...raised })",
      "(raised, from as Moment | string)",
    ),
  },
  {
    name: "looks for garbage before it reads M",
    breaks: "committed data",
    seed: 13,
    patches: one(
      "collect.ts",
      `for (;;) {
    const versions = await garbage(context, from.manifest, policy);`,
      `const versions = await garbage(context, from.manifest, policy);
  from = await readAgain(context);
  for (;;) {`,
    ),
  },
  {
    name: "rolls back to what is being deleted",
    breaks: "committed data",
    seed: 1076,
    patches: one(
      "commit.ts",
      "const limit = (meta === undefined ? manifest.floor : manifest.top).get(feature);",
      "const limit = meta === undefined ? undefined : manifest.top.get(feature);",
    ),
  },
  {
    name: "deletes old versions while a commit of the feature is on its way",
    breaks: "committed data",
    seed: 0,
    patches: one(
      "collect.ts",
      "pending.length > 0 || await isMoved(context, manifest, feature)",
      "pending.length > 99",
    ),
  },
  {
    name: "deletes what is published if it is old",
    breaks: "committed data",
    seed: 0,
    patches: one("../keep.ts", "if (version === published) continue;", ""),
  },
  {
    name: "says nothing of the old versions that it deletes",
    breaks: "committed data",
    seed: 0,
    patches: one("collect.ts", 'if (why === "old") raise(floor, feature, version);', ""),
  },
  {
    name: "commits the first feature of a batch only",
    breaks: "whole batch",
    seed: 0,
    patches: one(
      "commit.ts",
      "for (const { feature, base, after } of changes) {\n    if (after",
      "for (const { feature, base, after } of changes.slice(0, 1)) {\n    if (after",
    ),
  },
  {
    name: "commits on a plan that is no longer true",
    breaks: "no lost update",
    seed: 0,
    patches: one(
      "commit.ts",
      "if (now?.version !== base?.version || now?.seq !== base?.seq) return true;",
      "void now;",
    ),
  },
  {
    name: "compares the plan's version, not its commit",
    breaks: "no lost update",
    seed: 120,
    patches: one("commit.ts", " || now?.seq !== base?.seq", ""),
  },
  {
    name: "matches whatever M is there",
    breaks: "one register",
    seed: 0,
    patches: one(
      "register.ts",
      "match: from.token,",
      "match: from.manifest.probed ? (await context.store.head(MANIFEST_KEY))?.token ?? from.token : from.token,",
    ),
  },
  {
    name: "commits numbers that were withdrawn",
    breaks: "numbers rise",
    seed: 2,
    patches: one(
      "commit.ts",
      "const limit = (meta === undefined ? manifest.floor : manifest.top).get(feature);",
      "const limit = meta === undefined ? manifest.floor.get(feature) : undefined;",
    ),
  },
  {
    name: "forgets how high numbers went",
    breaks: "numbers rise",
    seed: 6,
    patches: one(
      "commit.ts",
      "top.set(feature, higher(top.get(feature), after.version));",
      "top.set(feature, after.version);",
    ),
  },
  {
    name: "writes the same M twice",
    breaks: "states differ",
    seed: 0,
    patches: [
      ...one("register.ts", "nonce: uniqueName(context)", 'nonce: ""'),
      ...one("start.ts", "nonce: uniqueName(context)", 'nonce: ""'),
    ],
  },
  {
    name: "writes metadata before the commit",
    breaks: "metadata follows",
    seed: 0,
    patches: one(
      "commit.ts",
      "  const text = recordText(record);",
      `  const { metadataKey } = await import("./keys.ts");
  for (const { feature, after, meta } of changes) {
    if (meta === undefined || after === undefined) continue;
    await createText(context, newPace(context), metadataKey(feature, after.version), JSON.stringify(meta));
  }
  const text = recordText(record);`,
    ),
  },
  {
    name: "commits without a record",
    breaks: "redo kept",
    seed: 0,
    patches: one(
      "commit.ts",
      "const created = await createText(context, newPace(context), recordKey(name), text);",
      'const created = { kind: "ours" };',
    ),
  },
  {
    name: "clears what others have pending",
    breaks: "redo kept",
    seed: 10,
    patches: one(
      "roll.ts",
      "pending: moment.manifest.pending.filter((entry) => !done.has(identity(entry))),",
      "pending: [],",
    ),
  },
  {
    name: "moves pointers before the commit",
    breaks: "pointer committed",
    seed: 0,
    patches: one(
      "publish.ts",
      "const committed = await commit(context, from, prepared);",
      `const { pointerKey } = await import("./object_store/keys.ts".slice(0, 0) + "./keys.ts");
  const { textBody, readText } = await import("./exchange.ts");
  for (const { feature, after } of work.changes) {
    if (after === undefined) continue;
    const key = pointerKey(feature);
    const there = await readText(context.store, key);
    const text = JSON.stringify({ version: after.version, seq: from.manifest.seq + 1, tx: work.tx });
    await context.store.put(key, textBody(text), there === undefined ? { create: true } : { match: there.token });
  }
  const committed = await commit(context, from, prepared);`,
    ),
  },
  {
    name: "moves pointers before metadata is there",
    breaks: "pointer whole",
    seed: 0,
    patches: one(
      "roll.ts",
      "if (text === undefined || version === null) return;",
      "if (text !== null || version === null) return;",
    ),
  },
  {
    name: "moves pointers back",
    breaks: "pointer forward",
    seed: 6,
    patches: one("roll.ts", "if (pointer.seq > seq) return undefined;", ""),
  },
  {
    name: "moves the pointer of a replaced entry by the token it knows",
    breaks: "pointer forward",
    seed: 4,
    patches: one(
      "roll.ts",
      "(manifest.features.get(feature) ?? manifest.retired.get(feature))?.seq === seq",
      "seq && (manifest.features.has(feature) || manifest.retired.has(feature))",
    ),
  },
  {
    name: "overwrites a pointer that something else wrote",
    breaks: "foreign pointer",
    seed: 36,
    patches: one(
      "roll.ts",
      "if (pointer.seq === undefined) return foreignPointer(entry, pointer.version);",
      "",
    ),
  },
  {
    name: "starts M empty beside pointers",
    breaks: "adopted",
    seed: 4,
    patches: one("look.ts", ", ...await adoptPointers(context)", ""),
  },
  {
    name: "reads pointers instead of M",
    breaks: "one moment",
    seed: 3,
    patches: one("look.ts", "if (moment !== undefined) {", "if (moment === null) {"),
  },
  {
    name: "looks for metadata in its own object only",
    breaks: "reader whole",
    seed: 18,
    patches: one("read.ts", "if (entry !== undefined) {", "if (entry === null) {"),
  },
  {
    name: "takes a lost answer for a lost race",
    breaks: "honest answer",
    seed: 9,
    patches: one(
      "commit.ts",
      "if (committedBy(moment.manifest, tx)) return",
      "if (unanswered === null) return",
    ),
  },
  {
    name: "forgets that a feature is retired while its pointer is not",
    breaks: "redo kept",
    seed: 0,
    patches: one("roll.ts", " ?? manifest.retired.get(feature)", ""),
  },
  {
    name: "keeps no number with a retired feature's pointer",
    breaks: "healed",
    seed: 0,
    patches: one(
      "roll.ts",
      "stableJson({ version, seq, tx, ...(version",
      "stableJson({ version, ...(version ? { seq, tx } : {}), ...(version",
    ),
  },
  {
    name: "retires without saying by which commit",
    breaks: "whole batch",
    seed: 0,
    patches: one("commit.ts", "retired.set(feature, { ...base, seq, tx });", "retired.set(feature, base);"),
  },
  {
    name: "finds its commit by its features only",
    breaks: "honest answer",
    seed: 171,
    patches: one("commit.ts", "manifest.recent.includes(tx) || ", ""),
  },
  {
    name: "believes a conflict",
    breaks: "honest answer",
    seed: 60,
    patches: one(
      "commit.ts",
      "    unanswered = moment;\n",
      '    if (written === "unknown") unanswered = moment;\n',
    ),
  },
  {
    name: "takes any server",
    breaks: "fit server",
    seed: 7,
    patches: one("start.ts", "if (!moment.manifest.probed) moment =", "if (moment === null) moment ="),
  },
  {
    name: "tries creating only",
    breaks: "fit server",
    seed: 35,
    patches: one(
      "start.ts",
      "REPLACES, async () => {",
      'REPLACES, async () => {\n    if (tx) return "conflict";',
    ),
  },
  {
    name: "leaves dead runs as they are",
    breaks: "healed",
    seed: 1,
    patches: one("start.ts", "if (moment.manifest.pending.length > 0) {", "if (moment === null) {"),
  },
];
