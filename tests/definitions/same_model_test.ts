import assert from "node:assert/strict";
import { join } from "node:path";
import { findDefinitions } from "../../src/definitions/load.ts";
import { definitionsJsonSchema } from "../../src/definitions/json_schema.ts";
import type { Project } from "../../src/definitions/model.ts";
import { complaints, load, withFiles } from "./files.ts";

const yaml = `name: demo
sources:
  flights:
    path: data/flights.parquet
    timezone: America/New_York
    fold: first
    watermark: 2001-07-01T00:00:00Z
    description: US flights
  airports: {path: "\${oc.env:DATA,data}/airports.csv", delimiter: ";", header: true, types: {iata: VARCHAR}}
  events: {path: "events/*/*", format: json, known_at: loaded, row_id: id}
entities:
  airport: {join_key: origin}
  route: {join_key: [origin, destination]}
  customer: {join_key: customer_id, from_columns: [first, last], description: A person}
features:
  delays:
    source: flights
    entities: [airport, route]
    timestamp: date
    interval: 12h
    metrics:
      - {windows: [1d, 1w], aggregations: {delay: [sum, mean], "*": [count]}}
      - {windows: [30d], aggregations: {delay: [median]}}
    tag: flight
    tags: [delay]
    owner: someone
    input_checks:
      - {check: not_null, column: [delay, distance], severity: warn, mostly: 0.5}
      - {check: referential, column: origin, source: airports, references: iata}
      - {check: not_in_future}
      - {check: fresh, within: 2d}
    checks:
      - {check: in_range, column: flight__delay__sum__12h__1d, min: 0, max: "2.50"}
      - {check: drift, column: flight__delay__mean__12h__1w, measure: psi, threshold: 0.2}
      - {check: referential, column: origin, feature: airport_names}
      - {check: sql, expression: destination <> origin}
      - {check: unique_key, columns: [origin]}
    columns: {destination: {statistics: false}}
  airport_names:
    sources: [flights, airports]
    keys: [origin]
    sql: |
      select origin, name from flights join airports on origin = iata
    threads: 2
    description: Names of airports
  customers:
    source: events
    entities: [customer]
    timestamp: {column: at, format: "%d/%m/%Y"}
offline_store: {KIND: local, path: ./store}
`;

const module = `import { check, Definitions, entity, feature, LocalStore, rolling, source } from "mlforge";
const flights = source({
  name: "flights", path: "data/flights.parquet", timezone: "America/New_York", fold: "first",
  watermark: "2001-07-01T00:00:00Z", description: "US flights",
});
const airports = source({
  name: "airports", path: "\${oc.env:DATA,data}/airports.csv", delimiter: ";", header: true, types: { iata: "VARCHAR" },
});
const events = source({ name: "events", path: "events/*/*", format: "json", knownAt: "loaded", rowId: "id" });
const airport = entity({ name: "airport", joinKey: "origin" });
const route = entity({ name: "route", joinKey: ["origin", "destination"] });
const customer = entity({
  name: "customer", joinKey: "customer_id", fromColumns: ["first", "last"], description: "A person",
});
export default new Definitions({
  name: "demo",
  features: [
    feature({
      name: "delays", source: flights, entities: [airport, route], timestamp: "date", interval: "12h",
      metrics: [
        rolling({ windows: ["1d", "1w"], aggregations: { delay: ["sum", "mean"], "*": ["count"] } }),
        rolling({ windows: ["30d"], aggregations: { delay: ["median"] } }),
      ],
      tag: "flight", tags: ["delay"], owner: "someone",
      inputChecks: [
        check("not_null", { column: ["delay", "distance"], severity: "warn", mostly: 0.5 }),
        check("referential", { column: "origin", source: airports, references: "iata" }),
        check("not_in_future"),
        check("fresh", { within: "2d" }),
      ],
      checks: [
        check("in_range", { column: "flight__delay__sum__12h__1d", min: 0, max: "2.50" }),
        check("drift", { column: "flight__delay__mean__12h__1w", measure: "psi", threshold: 0.2 }),
        check("referential", { column: "origin", feature: "airport_names" }),
        check("sql", { expression: "destination <> origin" }),
        check("unique_key", { columns: ["origin"] }),
      ],
      columns: { destination: { statistics: false } },
    }),
    feature({
      name: "airport_names", sources: [flights, airports], keys: ["origin"],
      sql: "select origin, name from flights join airports on origin = iata\\n",
      threads: 2, description: "Names of airports",
    }),
    feature({
      name: "customers", source: events, entities: [customer],
      timestamp: { column: "at", format: "%d/%m/%Y" },
    }),
  ],
  offlineStore: new LocalStore("./store"),
});
`;

/** A project without what differs by form and folder. */
function bare(project: Project): unknown {
  return JSON.parse(
    JSON.stringify(project, (key, value) => key === "place" ? undefined : value)
      .replaceAll(JSON.stringify(project.root).slice(1, -1), "ROOT").replace(
        /definitions\.(ts|yaml)/,
        "FILE",
      ),
  );
}

Deno.test("the same definitions in YAML and in TypeScript are the same project", async () => {
  const env = { DATA: "/data" };
  const [a, b] = await Promise.all([
    load({ "definitions.yaml": yaml }, env),
    load({ "definitions.ts": module }, env),
  ]);
  assert.deepEqual(bare(a), bare(b));
  assert.equal(a.sources[1]?.path, "/data/airports.csv");
  assert.deepEqual(a.features[0]?.keys, ["origin", "destination"]);
  assert.deepEqual(a.features[0]?.metrics.map(({ name }) => name), [
    "flight__delay__sum__12h__1d",
    "flight__delay__sum__12h__1w",
    "flight__delay__mean__12h__1d",
    "flight__delay__mean__12h__1w",
    "flight__rows__count__12h__1d",
    "flight__rows__count__12h__1w",
    "flight__delay__median__12h__30d",
  ]);
  assert.deepEqual(a.features[0]?.lookups.map(({ name }) => name), ["airports"]);
  assert.deepEqual(a.features[0]?.inputChecks.map(({ kind, place }) => [kind, place.line, place.column]), [
    ["not_null", 28, 9],
    ["not_null", 28, 9],
    ["referential", 29, 9],
    ["not_in_future", 30, 9],
    ["fresh", 31, 9],
  ]);
  assert.deepEqual(b.features[0]?.checks.map(({ place }) => place.line), [32, 33, 34, 35, 36]);
  assert.deepEqual(a.store, { kind: "local", path: join(a.root, "store") });
});

Deno.test("YAML names what is not defined, with the nearest name", async () => {
  const text = yaml.replace("entities: [airport, route]", "entities: [airports, rout]")
    .replace("source: airports, references", "source: airport, references")
    .replace("source: events", "source: event");
  assert.deepEqual(await complaints({ "definitions.yaml": text }), [
    `18:16 Feature "delays" is about entity "airports", which is not defined | Did you mean "airport"?`,
    `18:26 Feature "delays" is about entity "rout", which is not defined | Did you mean "route"?`,
    `29:54 Check referential of feature "delays" looks into source "airport", which is not defined | Did you mean "airports"?`,
    `47:13 Feature "customers" reads source "event", which is not defined | Did you mean "events"?`,
  ]);
});

Deno.test("YAML entities that can't be are refused", async () => {
  const text = yaml.replace("join_key: customer_id", "join_key: [a, b]").replace(
    "{join_key: origin}",
    "{join_key: a, from_columns: [a]}",
  );
  assert.deepEqual(await complaints({ "definitions.yaml": text }), [
    `12:40 Entity "airport" makes its key "a" of itself | Give "join_key" a name of its own.`,
    `14:24 Entity "customer" has 2 join keys and "from_columns" | A surrogate key is one column.`,
  ]);
});

Deno.test("entities of one feature that make one key differently are refused", async () => {
  const text = yaml.replace("entities: [customer]", "entities: [customer, person]")
    .replace("entities:\n", "entities:\n  person: {join_key: customer_id, from_columns: [last]}\n");
  assert.deepEqual(await complaints({ "definitions.yaml": text }), [
    `49:15 Entities "customer" and "person" of feature "customers" make one key differently | Give one of them another join key.`,
  ]);
});

Deno.test("YAML keys that are empty, and unknown ones at the top, are refused", async () => {
  assert.deepEqual(await complaints({ "definitions.yaml": "name: demo\nfeature: {}\nfeatures:\n" }), [
    `3:1 "features" of the definitions must be a mapping, and is empty | Write a value, or remove the key.`,
    `2:1 Unknown key "feature" in the definitions | Did you mean "features"?`,
  ]);
});

Deno.test("a path's missing variable is reported at the path", async () => {
  const [complaint = "", ...more] = await complaints({
    "definitions.yaml": yaml.replace("oc.env:DATA,data", "oc.env:DATA"),
  });
  assert.match(complaint, /^9:20 .*DATA/);
  assert.deepEqual(more, []);
});

Deno.test("a store in the definitions is read as in a profile, in both forms", async () => {
  const expected = {
    kind: "s3",
    bucket: "my-bucket",
    prefix: "v1",
    endpoint: "http://localhost:9000",
    pathStyle: true,
  };
  const options = `bucket: "\${oc.env:BUCKET}", prefix: v1, endpoint: "http://localhost:9000"`;
  const a = yaml.replace("{KIND: local, path: ./store}", `{KIND: s3, ${options}, path_style: true}`);
  const b = module.replaceAll("LocalStore", "S3Store")
    .replace(`"./store"`, `{ ${options.replace("v1", '"v1"')}, pathStyle: true }`);
  const env = { BUCKET: "my-bucket" };
  assert.deepEqual((await load({ "definitions.yaml": a }, env)).store, expected);
  assert.deepEqual((await load({ "definitions.ts": b }, env)).store, expected);
});

Deno.test("a store's errors come together with all others", async () => {
  const text = yaml.replace("path: ./store", "pth: ./store").replace("owner: someone", "owner: [someone]");
  assert.deepEqual((await complaints({ "definitions.yaml": text })).map((one) => one.replace(/ \|.*/, "")), [
    `50:1 Key "path" is missing in the store of the definitions`,
    `50:30 Unknown key "pth" in the store of the definitions`,
    `26:12 "owner" of feature "delays" must be text, and is a list`,
  ]);
});

Deno.test("findDefinitions() finds one file, and refuses to choose between two", async () => {
  await withFiles({ "definitions.yaml": "", "other.ts": "" }, async (folder) => {
    assert.equal(await findDefinitions(folder), join(folder, "definitions.yaml"));
    await Deno.writeTextFile(join(folder, "definitions.ts"), "");
    await assert.rejects(findDefinitions(folder), { message: /has definitions\.ts and definitions\.yaml$/ });
    assert.equal(await findDefinitions(join(folder, "nowhere")), undefined);
  });
});

Deno.test("definitionsJsonSchema() describes each key of definitions.yaml", async () => {
  const schema = JSON.stringify(await definitionsJsonSchema());
  for (
    const key of ["join_key", "from_columns", "aggregations", "count_distinct", "watermark", "offline_store"]
  ) {
    assert.ok(schema.includes(`"${key}"`), key);
  }
  assert.ok(!schema.includes(`"transform"`));
});
