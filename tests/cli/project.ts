import { join } from "node:path";
import { withFolder } from "./run_cli.ts";

export const MLFORGE_YAML = `default_profile: dev
profiles:
  dev:
    offline_store: { KIND: local, path: ./feature_store }
  other:
    offline_store: { KIND: local, path: ./other_store }
`;

export const DEFINITIONS = `name: shop
sources:
  orders: { path: orders.csv }
entities:
  user: { join_key: user_id }
features:
  user_orders:
    description: Each order as it was
    source: orders
    entities: [user]
    timestamp: at
    tags: [raw]
  user_total:
    source: orders
    entities: [user]
    sql: select user_id, sum(amount) as total from orders group by user_id
`;

export const ORDERS = `user_id,at,amount
1,2026-01-01 10:00:00,5
1,2026-01-03 10:00:00,7
2,2026-01-02 10:00:00,11
`;

/** A project of two features in a folder of its own; `files` are added, or put in place of those. */
export async function withProject(
  use: (folder: string) => Promise<void>,
  files: Record<string, string> = {},
): Promise<void> {
  const all = {
    "mlforge.yaml": MLFORGE_YAML,
    "definitions.yaml": DEFINITIONS,
    "orders.csv": ORDERS,
    ...files,
  };
  await withFolder(async (folder) => {
    for (const [name, text] of Object.entries(all)) await Deno.writeTextFile(join(folder, name), text);
    await use(folder);
  });
}
