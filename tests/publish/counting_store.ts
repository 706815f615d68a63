import type { Store } from "../../src/stores/store.ts";

/** A store that notes every request, as `put a/_latest.json`. A listing is one. */
export function openCountingStore(store: Store): { store: Store; requests: string[] } {
  const requests: string[] = [];
  return {
    requests,
    store: {
      head: (key) => (requests.push(`head ${key}`), store.head(key)),
      get: (key, options) => (requests.push(`get ${key}`), store.get(key, options)),
      list: (prefix) => (requests.push(`list ${prefix}`), store.list(prefix)),
      put: (key, body, condition) => (requests.push(`put ${key}`), store.put(key, body, condition)),
      delete: (key) => (requests.push(`delete ${key}`), store.delete(key)),
    },
  };
}
