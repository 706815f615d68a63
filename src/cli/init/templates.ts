export const TEMPLATES = ["yaml", "ts"] as const;
export type Template = typeof TEMPLATES[number];

export const MLFORGE_YAML =
  `# Where features are kept. Another profile is chosen with --profile or MLFORGE_PROFILE.
default_profile: dev

profiles:
  dev:
    offline_store:
      KIND: local
      path: ./feature_store
`;

const DEFINITIONS_YAML = `name: shop

sources:
  orders:
    path: data/orders.csv
    description: Orders of a small shop, made up by mlforge init

entities:
  user:
    join_key: user_id

features:
  # What a user spent in the last day, week and 30 days, known at the end of each day.
  user_spend:
    source: orders
    entities: [user]
    timestamp: ordered_at
    interval: 1d
    metrics:
      - windows: [1d, 7d, 30d]
        aggregations:
          amount: [count, sum, mean]

  # SQL over the source first, metrics of its rows then.
  user_large_orders:
    source: orders
    entities: [user]
    sql: |
      select user_id, ordered_at, amount
      from orders
      where amount >= 50
    timestamp: ordered_at
    interval: 1d
    metrics:
      - windows: [7d, 30d]
        aggregations:
          "*": [count]
          amount: [max]
`;

const DEFINITIONS_TS = `import { Definitions, entity, feature, rolling, source } from "mlforge";

const orders = source({
  name: "orders",
  path: "data/orders.csv",
  description: "Orders of a small shop, made up by mlforge init",
});

const user = entity({ name: "user", joinKey: "user_id" });

export default new Definitions({
  name: "shop",
  features: [
    // What a user spent in the last day, week and 30 days, known at the end of each day.
    feature({
      name: "user_spend",
      source: orders,
      entities: [user],
      timestamp: "ordered_at",
      interval: "1d",
      metrics: [rolling({ windows: ["1d", "7d", "30d"], aggregations: { amount: ["count", "sum", "mean"] } })],
    }),
    // SQL over the source first, metrics of its rows then.
    feature({
      name: "user_large_orders",
      source: orders,
      entities: [user],
      sql: "select user_id, ordered_at, amount from orders where amount >= 50",
      timestamp: "ordered_at",
      interval: "1d",
      metrics: [rolling({ windows: ["7d", "30d"], aggregations: { "*": ["count"], amount: ["max"] } })],
    }),
  ],
});
`;

export const DEFINITIONS: Record<Template, { file: string; text: string }> = {
  yaml: { file: "definitions.yaml", text: DEFINITIONS_YAML },
  ts: { file: "definitions.ts", text: DEFINITIONS_TS },
};

/** The store's data is kept out of git by files of its own. */
export const GITIGNORE = `# Keep secrets out of git.
.env
`;

/** What an editor goes by: where the types of "mlforge" are. */
export const TSCONFIG = `{
  "compilerOptions": {
    "target": "esnext",
    "module": "esnext",
    "moduleResolution": "bundler",
    "allowImportingTsExtensions": true,
    "resolveJsonModule": true,
    "noEmit": true,
    "strict": true,
    "skipLibCheck": true,
    "paths": { "mlforge": ["./mlforge.d.ts"] }
  },
  "include": ["*.ts"]
}
`;
