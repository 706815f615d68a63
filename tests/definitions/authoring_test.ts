import assert from "node:assert/strict";
import { complaints, load } from "./files.ts";

const head =
  `import { Definitions, entity, feature, GCSStore, LocalStore, rolling, S3Store, source } from "mlforge";
const flights = source({ name: "flights", path: "flights.parquet" });
const airport = entity({ name: "airport", joinKey: "origin" });
const one = feature({ name: "one", source: flights, entities: [airport] });
`;

const wrong: [string, string, string[]][] = [
  ["features that are no list", `new Definitions({ name: "demo", features: one })`, [
    `5:16 "features" of the Definitions is no list | Write features: [...].`,
  ]],
  ["no features", `new Definitions({ name: "demo", features: [] })`, [
    `5:16 Project "demo" has no features | Add one.`,
  ]],
  ["things that are something else", `new Definitions({ name: "demo", features: [airport, {}, one] })`, [
    "5:16 features[0] of the Definitions is no feature, but an entity | Make it by feature({...}).",
    "5:16 features[1] of the Definitions is no feature | Make it by feature({...}).",
  ]],
  [
    "wrong parts of a feature",
    `new Definitions({ name: "demo", features: [
  feature({ name: "two", source: airport, entities: ["airport"], metrics: [{}] }) ] })`,
    [
      `6:3 "source" of feature "two" is no source, but an entity | Make it by source({...}).`,
      `6:3 "entities[0]" of feature "two" is no entity | Make it by entity({...}).`,
      `6:3 "metrics[0]" of feature "two" is not made by rolling() | Write rolling({ windows, aggregations }).`,
    ],
  ],
  ["a feature twice", `new Definitions({ name: "demo", features: [one, one] })`, [
    `5:16 Feature "one" is listed twice | Take one away.`,
  ]],
  ["no name", `new Definitions({ features: [one, feature({ source: flights })] })`, [
    `5:50 The feature has no name | Write feature({ name: "...", ... }).`,
    `5:16 Key "name" is missing in the definitions | Add it.`,
  ]],
  ["a store that is none", `new Definitions({ name: "demo", features: [one], offlineStore: "./store" })`, [
    `5:16 "offlineStore" of the Definitions is no store | Write new LocalStore(path), new S3Store({...}) or new GCSStore({...}).`,
  ]],
  ["an unknown option", `new Definitions({ name: "demo", features: [one], store: 1 })`, [
    `5:16 Unknown key "store" in the definitions | There are: name, features, offlineStore.`,
  ]],
  [
    "the other form's words",
    `new Definitions({ name: "demo", features: [one, feature({ name: "two", source: flights,
  entities: [entity({ name: "plane", join_key: "tail" })] })] })`,
    [
      `6:14 Unknown key "join_key" in entity "plane" | Did you mean "joinKey"?`,
      `6:14 Key "joinKey" is missing in entity "plane" | Add it.`,
    ].reverse(),
  ],
];
for (const [what, code, expected] of wrong) {
  Deno.test(`Definitions with ${what} are refused`, async () => {
    assert.deepEqual(await complaints({ "definitions.ts": `${head}export default ${code};\n` }), expected);
  });
}

Deno.test("two different things of one name are refused, with the place of both", async () => {
  const code = `${head}const other = source({ name: "flights", path: "other.parquet" });
export default new Definitions({ name: "demo", features: [one,
  feature({ name: "two", source: other, keys: ["a"] }),
  feature({ name: "one", source: flights, keys: ["a"] }),
] });
`;
  const [first = "", second = "", ...more] = await complaints({ "definitions.ts": code });
  assert.match(
    first,
    /^5:15 There are two of the name "flights" among sources \| The other one is in line 2 of /,
  );
  assert.match(
    second,
    /^8:3 There are two of the name "one" among features \| The other one is in line 4 of /,
  );
  assert.deepEqual(more, []);
});

Deno.test("a source that is made anew each time is one source", async () => {
  const code = `${head}const planes = () => source({ name: "planes", path: "planes.csv" });
export default new Definitions({ name: "demo", features: [one,
  feature({ name: "two", source: planes(), keys: ["a"] }), feature({ name: "three", source: planes(), keys: ["a"] }),
] });
`;
  const project = await load({ "definitions.ts": code });
  assert.deepEqual(project.sources.map(({ name }) => name), ["flights", "planes"]);
});

Deno.test("errors of all features come at once, and none that only follows from another", async () => {
  const code = `${head}const bad = source({ name: "bad", path: "bad.xyz" });
export default new Definitions({ name: "demo", features: [one,
  feature({ name: "two", source: bad, keys: ["a"], interval: "1d" }),
  feature({ name: "three", source: bad, keys: ["a"], tagss: [] }),
] });
`;
  assert.deepEqual(await complaints({ "definitions.ts": code }), [
    `5:13 Can't tell the format of source "bad" from its path "bad.xyz" | Give format: parquet, csv or json.`,
    `7:3 Feature "two" has an interval without metrics | Add "metrics", or take "interval" away.`,
    `8:3 Unknown key "tagss" in feature "three" | Did you mean "tags"?`,
  ]);
});
