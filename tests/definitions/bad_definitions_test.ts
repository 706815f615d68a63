import assert from "node:assert/strict";
import { complaints } from "./files.ts";

/**
 * What is wrong in both forms: the lines of one feature (and of what stands above it), and what is said, with its place
 * in YAML and in TypeScript. In TypeScript the place is the call.
 */
interface Case {
  what: string;
  yaml?: string;
  module?: string;
  /** Of `source` and `entity` instead of the usual ones. */
  yamlTop?: string;
  moduleTop?: string;
  expected: [yaml: string, module: string, message: string][];
}

const usual = {
  yamlTop: `sources: {flights: {path: flights.parquet}}
entities: {airport: {join_key: origin}}`,
  moduleTop: `const flights = source({ name: "flights", path: "flights.parquet" });
const airport = entity({ name: "airport", joinKey: "origin" });`,
  yaml: "{source: flights, entities: [airport]}",
  module: "source: flights, entities: [airport]",
};

const metrics = (windows: string, aggregations: string) => ({
  yaml: `{source: flights, entities: [airport], timestamp: date, interval: 1d,
    metrics: [{windows: ${windows}, aggregations: ${aggregations}}]}`,
  module: `source: flights, entities: [airport], timestamp: "date", interval: "1d",
    metrics: [rolling({ windows: ${windows.replace(/\w+/g, '"$&"')}, aggregations: ${
    aggregations.replace(/\[(.*?)\]/g, (_, all: string) => `[${all.replace(/\w+/g, '"$&"')}]`)
  } })]`,
});
const plain = (yaml: string, module: string) => ({
  yaml: `{source: flights, entities: [airport], ${yaml}}`,
  module: `source: flights, entities: [airport], ${module}`,
});

const cases: Case[] = [
  {
    what: "an unknown key",
    ...plain("descripton: x", `descripton: "x"`),
    expected: [["5:47", "5:3", `Unknown key "descripton" in feature "one" | Did you mean "description"?`]],
  },
  {
    what: "a wrong type",
    ...plain("owner: 1.0", "owner: 1"),
    expected: [[
      "5:54",
      "5:3",
      `"owner" of feature "one" must be text, and is a number | Put it in quotes: without them it is read as no text.`,
    ]],
  },
  {
    what: "a bad name",
    yamlTop: "sources: {Flights: {path: flights.parquet}}\nentities: {airport: {join_key: origin}}",
    moduleTop: `const flights = source({ name: "Flights", path: "flights.parquet" });\n${
      usual.moduleTop.split("\n")[1]
    }`,
    yaml: "{source: Flights, entities: [airport]}",
    expected: [[
      "2:11",
      "2:17",
      `Name "Flights" of a source doesn't start with a lower-case letter | Write "flights". A name has lower-case letters, digits and single _, a letter first, and at most 64 of them.`,
    ]],
  },
  {
    what: "no source and no keys",
    yaml: "{sql: select 1}",
    module: `sql: "select 1"`,
    expected: [
      ["5:3", "5:3", `Feature "one" has no source | Add "source", or "sources" for several.`],
      ["5:3", "5:3", `Feature "one" has no keys | Add "entities", or "keys" with the names of columns.`],
    ],
  },
  {
    what: "both of two that exclude each other",
    yaml: "{source: flights, sources: [flights], entities: [airport], keys: [a]}",
    module: "source: flights, sources: [flights], entities: [airport], keys: ['a']",
    expected: [
      ["5:9", "5:3", `Feature "one" has both "source" and "sources" | Keep one of them.`],
      ["5:67", "5:3", `Feature "one" has both "entities" and "keys" | Keep one of them.`],
    ],
  },
  {
    what: "empty lists and texts",
    yaml: `{source: flights, keys: [], sql: " ", tag: ""}`,
    module: `source: flights, keys: [], sql: " ", tag: ""`,
    expected: [
      ["5:32", "5:3", `"keys" of feature "one" must not be empty`],
      ["5:41", "5:3", `"sql" of feature "one" must not be empty`],
      ["5:51", "5:3", `"tag" of feature "one" must not be empty`],
    ],
  },
  {
    what: "a name twice",
    yaml: "{source: flights, keys: [a, a]}",
    module: "source: flights, keys: ['a', 'a']",
    expected: [["5:32", "5:3", `"keys" of feature "one" must not name anything twice`]],
  },
  {
    what: "sources that nothing joins",
    yamlTop:
      "sources: {flights: {path: a.csv}, planes: {path: b.csv}}\nentities: {airport: {join_key: origin}}",
    moduleTop:
      `const flights = source({ name: "flights", path: "a.csv" }), planes = source({ name: "planes", path: "b.csv" });
const airport = entity({ name: "airport", joinKey: "origin" });`,
    yaml: "{sources: [flights, planes], entities: [airport]}",
    module: "sources: [flights, planes], entities: [airport]",
    expected: [["5:9", "5:3", `Feature "one" doesn't say how to join its 2 sources | Add "sql".`]],
  },
  {
    what: "a key that is the timestamp",
    ...plain("timestamp: origin", `timestamp: "origin"`),
    expected: [["5:58", "5:3", `Column "origin" is both key and timestamp of feature "one"`]],
  },
  {
    what: "an unknown format of times",
    ...plain(
      `timestamp: {column: date, format: "%Y-%d-%m"}`,
      `timestamp: { column: "date", format: "%Y-%d-%m" }`,
    ),
    expected: [[
      "5:81",
      "5:3",
      `Timestamp format "%Y-%d-%m" of feature "one" is not known | Did you mean "%Y-%m-%d"?`,
    ]],
  },
  {
    what: "an unknown key inside one that takes two forms",
    ...plain("timestamp: {colum: date, column: date}", `timestamp: { colum: "date", column: "date" }`),
    expected: [[
      "5:59",
      "5:3",
      `Unknown key "colum" in "timestamp" of feature "one" | Did you mean "column"?`,
    ]],
  },
  {
    what: "neither of two forms",
    ...plain("timestamp: 7", "timestamp: 7"),
    expected: [[
      "5:58",
      "5:3",
      `"timestamp" of feature "one" must be text or a mapping, and is a number | Put it in quotes: without them it is read as no text.`,
    ]],
  },
  {
    what: "an interval without metrics",
    ...plain("interval: 1d", `interval: "1d"`),
    expected: [[
      "5:47",
      "5:3",
      `Feature "one" has an interval without metrics | Add "metrics", or take "interval" away.`,
    ]],
  },
  {
    what: "metrics without time",
    ...plain(
      "metrics: [{windows: [1d], aggregations: {delay: [sum]}}]",
      `metrics: [rolling({ windows: ["1d"], aggregations: { delay: ["sum"] } })]`,
    ),
    expected: [
      [
        "5:47",
        "5:3",
        `Feature "one" has metrics without a timestamp | Add "timestamp": the column of times.`,
      ],
      ["5:47", "5:3", `Feature "one" has metrics without an interval | Add "interval", such as 1d.`],
    ],
  },
  {
    what: "lengths of time that are none",
    yaml:
      "{source: flights, entities: [airport], timestamp: date, interval: 1 day, metrics: [{windows: [7days], aggregations: {delay: [sum]}}]}",
    module: `source: flights, entities: [airport], timestamp: "date", interval: "1 day",
    metrics: [rolling({ windows: ["7days"], aggregations: { delay: ["sum"] } })]`,
    expected: [
      [
        "5:74",
        "5:3",
        `Interval "1 day" of feature "one" is no length of time | Write a whole number and m, h, d or w: 15m, 6h, 1d, 2w.`,
      ],
      [
        "5:102",
        "6:15",
        `Window "7days" of feature "one" is no length of time | Write a whole number and m, h, d or w: 15m, 6h, 1d, 2w.`,
      ],
    ],
  },
  {
    what: "a window that is no multiple",
    ...metrics("[36h]", "{ delay: [sum] }"),
    expected: [[
      "6:26",
      "6:15",
      `Window 36h of feature "one" is no whole multiple of its interval 1d | The next one is 2d.`,
    ]],
  },
  {
    what: "an unknown aggregation",
    ...metrics("[1d]", "{ delay: [average, mediann] }"),
    expected: [
      [
        "6:55",
        "6:15",
        `"metrics.0.aggregations.delay.0" of feature "one" can't be "average" | There are: count, sum, mean, min, max, std, median, count_distinct, first, last.`,
      ],
      [
        "6:64",
        "6:15",
        `"metrics.0.aggregations.delay.1" of feature "one" can't be "mediann" | Did you mean "median"?`,
      ],
    ],
  },
  {
    what: "more than counting rows",
    ...metrics("[1d]", `{ "*": [sum] }`),
    expected: [[
      "6:53",
      "6:15",
      `Feature "one" asks for sum of "*" | Rows can only be counted: name a column for sum.`,
    ]],
  },
  {
    what: "two metrics of one name",
    ...metrics("[1d]", `{ "*": [count], rows: [count] }`),
    expected: [[
      "6:68",
      "6:15",
      `Feature "one" has two columns named "one__rows__count__1d__1d" | The other one is count of "*" over 1d. Take one away, or give a tag.`,
    ]],
  },
  {
    what: "threads that nothing takes, and a tag that is no name",
    ...plain("threads: 2, tag: a__b", `threads: 2, tag: "a__b"`),
    expected: [
      ["5:64", "5:3", `Tag "a__b" of feature "one" holds two _ in a row, which part the names of metrics`],
      ["5:47", "5:3", `Feature "one" has "threads" without "sql" | Only a feature's own SQL takes threads.`],
    ],
  },
  {
    what: "threads that are no number of threads",
    ...plain("sql: select 1, threads: 0", `sql: "select 1", threads: 0`),
    expected: [["5:71", "5:3", `"threads" of feature "one" must be 1 or more`]],
  },
  {
    what: "what a source can't have",
    yamlTop:
      `sources: {flights: {path: ftp://x/y, delimiter: ";;", timezone: Europe/Berlni, fold: both, watermark: 2001-02-30}}
entities: {airport: {join_key: origin}}`,
    moduleTop:
      `const flights = source({ name: "flights", path: "ftp://x/y", delimiter: ";;", timezone: "Europe/Berlni", fold: "both", watermark: "2001-02-30" });
${usual.moduleTop.split("\n")[1]}`,
    expected: [
      ["2:49", "2:17", `"delimiter" of source "flights" must be one character`],
      ["2:86", "2:17", `"fold" of source "flights" can't be "both" | There are: first, last.`],
    ],
  },
  {
    what: "what a source can't mean",
    yamlTop:
      `sources: {flights: {path: ftp://x/y, timezone: Europe/Berlni, watermark: 2001-02-30}, b: {path: b.csv, fold: last, watermark: now}, c: {path: c.json, delimiter: ";"}}
entities: {airport: {join_key: origin}}`,
    moduleTop:
      `const flights = source({ name: "flights", path: "ftp://x/y", timezone: "Europe/Berlni", watermark: "2001-02-30" }), b = source({ name: "b", path: "b.csv", fold: "last", watermark: "now" }), c = source({ name: "c", path: "c.json", delimiter: ";" });
${usual.moduleTop.split("\n")[1]}`,
    yaml: "{sources: [flights, b, c], entities: [airport], sql: select 1}",
    module: `sources: [flights, b, c], entities: [airport], sql: "select 1"`,
    expected: [
      [
        "2:27",
        "2:17",
        `Path "ftp://x/y" of source "flights" begins with "ftp://"; only s3:// and gs:// are known`,
      ],
      [
        "2:48",
        "2:17",
        `Timezone "Europe/Berlni" of source "flights" is no IANA name | Did you mean "Europe/Berlin"?`,
      ],
      [
        "2:74",
        "2:17",
        `Watermark "2001-02-30" of source "flights" is no ISO 8601 time | Write 2001-06-30T00:00:00Z.`,
      ],
      ["2:104", "2:121", `Source "b" has "fold" without "timezone" | UTC has no folds: say which zone has.`],
      ["2:127", "2:121", `Watermark "now" of source "b" is no ISO 8601 time | Write 2001-06-30T00:00:00Z.`],
      ["2:151", "2:195", `Source "c" is json, where "delimiter" means nothing | Only csv sources have it.`],
    ],
  },
  {
    what: "versions of rows that nothing can tell apart",
    yamlTop:
      `sources: {flights: {path: a.csv, row_id: id}, b: {path: b.csv, known_at: at, row_id: id}, c: {path: c.csv, known_at: at}}
entities: {airport: {join_key: origin}}`,
    moduleTop:
      `const flights = source({ name: "flights", path: "a.csv", rowId: "id" }), b = source({ name: "b", path: "b.csv", knownAt: "at", rowId: "id" }), c = source({ name: "c", path: "c.csv", knownAt: "at" });
${usual.moduleTop.split("\n")[1]}`,
    yaml: "{sources: [flights, b, c], entities: [airport], timestamp: t, sql: select 1}",
    module: `sources: [flights, b, c], entities: [airport], timestamp: "t", sql: "select 1"`,
    expected: [
      [
        "2:42",
        "2:17",
        `Source "flights" has "row_id" without "known_at" | "known_at" is when a version of a row was loaded: which one is the newest, only that can say.`,
      ],
      [
        "5:18",
        "5:3",
        `Sources "flights" and "b" of feature "one" both have "id" as "known_at" or "row_id" | Its SQL can carry one column of a name: let the column of one source be called otherwise.`,
      ],
    ],
  },
  {
    what: "checks of a wrong shape",
    ...plain(
      `checks: [{check: not_nul, column: a}, {check: in_range, column: a, mn: 0}, {check: drift, column: a}]`,
      `checks: [check("not_nul", { column: "a" }), check("in_range", { column: "a", mn: 0 }), check("drift", { column: "a" })]`,
    ),
    expected: [
      ["5:64", "5:73", `"checks.0.check" of feature "one" can't be "not_nul" | Did you mean "not_null"?`],
      ["5:114", "5:108", `Unknown key "mn" in "checks.1" of feature "one" | Did you mean "min"?`],
      [
        "5:122",
        "5:151",
        `Key "measure" is missing in "checks.2" of feature "one" | Add it: psi, null_rate, mean.`,
      ],
      ["5:122", "5:151", `Key "threshold" is missing in "checks.2" of feature "one" | Add it.`],
    ],
  },
  {
    what: "checks that can't be meant",
    ...plain(
      `input_checks: [{check: fresh, within: 2days}, {check: drift, column: a, measure: psi, threshold: 1}],
    checks: [{check: not_in_future, column: a}, {check: row_count, mostly: 0.5}, {check: in_range, column: a, min: 2, max: 1},
      {check: referential, column: a}, {check: referential, column: a, feature: on},
      {check: drift, column: a, measure: psi, threshold: 1, against: last}], columns: {a: {statistics: false}}`,
      `inputChecks: [check("fresh", { within: "2days" }), check("drift", { column: "a", measure: "psi", threshold: 1 })],
    checks: [check("not_in_future", { column: "a" }), check("row_count", { mostly: 0.5 }), check("in_range", { column: "a", min: 2, max: 1 }),
      check("referential", { column: "a" }), check("referential", { column: "a", feature: "on" }),
      check("drift", { column: "a", measure: "psi", threshold: 1, against: "last" })], columns: { a: { statistics: false } }`,
    ),
    expected: [
      [
        "5:70",
        "5:78",
        `Check fresh of feature "one" needs a timestamp, which the feature does not have | Add "timestamp".`,
      ],
      [
        "5:85",
        "5:78",
        `"2days" of check fresh of feature "one" is no length of time | Write a whole number and m, h, d or w: 15m, 6h, 1d, 2w.`,
      ],
      [
        "5:101",
        "5:115",
        `Check drift of feature "one" stands among its input checks | It is one of the checks.`,
      ],
      [
        "5:116",
        "5:115",
        `Drift of "a" can't be measured: its statistics are left out | Take one of the two away.`,
      ],
      [
        "6:22",
        "6:14",
        `Check not_in_future of feature "one" stands among its checks | It is one of the input checks.`,
      ],
      [
        "6:68",
        "6:55",
        `Check row_count of feature "one" has "mostly", but looks at no single rows | Take it away, or say severity: warn.`,
      ],
      [
        "6:49",
        "6:55",
        `Check row_count of feature "one" has neither "min" nor "max" | Give one of them, or both.`,
      ],
      [
        "6:116",
        "6:92",
        `Check in_range of feature "one" has a min of 2, above its max of 1 | Exchange them.`,
      ],
      [
        "7:7",
        "7:7",
        `Check referential of feature "one" needs a "source" or a "feature" to look into | Give one of them.`,
      ],
      [
        "7:81",
        "7:46",
        `Check referential of feature "one" looks into feature "on", which is not defined | Did you mean "one"?`,
      ],
      [
        "8:70",
        "8:7",
        `Drift of feature "one" is measured against "last" | Write previous, or a version such as 1.2.0.`,
      ],
      [
        "8:30",
        "8:7",
        `Drift of "a" can't be measured: its statistics are left out | Take one of the two away.`,
      ],
    ],
  },
];

for (const { what, expected, ...own } of cases) {
  const { yamlTop, moduleTop, yaml, module } = { ...usual, ...own };
  const names = (text: string) => text.replaceAll("known_at", "knownAt").replaceAll("row_id", "rowId");
  const form = (i: 0 | 1) => expected.map((one) => `${one[i]} ${i === 0 ? one[2] : names(one[2])}`);
  Deno.test(`YAML definitions with ${what} are refused`, async () => {
    const text = `name: demo\n${yamlTop}\nfeatures:\n  one: ${yaml}\n`;
    assert.deepEqual(await complaints({ "definitions.yaml": text }), form(0));
  });
  Deno.test(`TypeScript definitions with ${what} are refused`, async () => {
    const text = `import { check, Definitions, entity, feature, rolling, source } from "mlforge";
${moduleTop}
export default new Definitions({ name: "demo", features: [
  feature({ name: "one", ${module} }),
] });
`;
    assert.deepEqual(await complaints({ "definitions.ts": text }), form(1));
  });
}
