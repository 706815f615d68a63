import assert from "node:assert/strict";
import { MlforgeError } from "../../src/error.ts";
import { openWorkshop } from "./workshop.ts";

const DEFINITIONS = `name: shop
sources:
  orders: {path: orders.csv}
  shops: {path: shops.csv}
features:
  order:
    source: orders
    keys: [id]
    checks:
      - {check: referential, column: shop, feature: shop_profile, references: shop}
  shop_profile: {source: shops, keys: [shop]}
`;
const files = (orders: string, shops: string) => ({
  "definitions.yaml": DEFINITIONS,
  "orders.csv": `id,shop\n${orders}`,
  "shops.csv": `shop,city\n${shops}`,
});

function examples(error: unknown) {
  assert(error instanceof MlforgeError, String(error));
  return error.failedCheck?.examples?.rows;
}

Deno.test("A reference into another feature is asked of what the same batch makes of it", async () => {
  await using shop = await openWorkshop(files("1,a\n2,b\n3,\n", "a,x\nb,y\n"));
  await shop.build();
  assert.deepEqual(await shop.published(), { order: "1.0.0", shop_profile: "1.0.0" });
  // b goes, in the same batch as an order that needs it.
  await shop.write("orders.csv", "id,shop\n1,a\n2,b\n4,a\n");
  await shop.write("shops.csv", "shop,city\na,x\n");
  await assert.rejects(shop.build(), (error) => {
    assert.deepEqual(examples(error), [["2", "b"]]);
    return true;
  });
  assert.deepEqual(await shop.published(), { order: "1.0.0", shop_profile: "1.0.0" });
});

Deno.test("A reference into a feature that is not built now is asked of what is published", async () => {
  await using shop = await openWorkshop(files("1,a\n", "a,x\n"));
  await shop.build();
  await shop.write("orders.csv", "id,shop\n1,a\n2,c\n");
  await assert.rejects(shop.build({ features: ["order"] }), (error) => {
    assert.deepEqual(examples(error), [["2", "c"]]);
    return true;
  });
});

Deno.test("A reference into a feature that is nowhere says what to build", async () => {
  await using shop = await openWorkshop(files("1,a\n", "a,x\n"));
  await assert.rejects(shop.build({ features: ["order"] }), {
    message: /can't look into "shop_profile": its data is not here/,
    hint: /Build shop_profile too/,
  });
});
