/**
 * join, resolve, relative and the like as node:path has them. Importing node:path starts Deno's layer for Node, which takes as long
 * as all of mlforge's own modules that `list features` loads; so what is on the way of every command takes these.
 * On Windows they are node:path's own; elsewhere a test compares them with it.
 */
const node = Deno.build.os === "windows" ? await import("node:path") : undefined;

export const join: (...parts: string[]) => string = node?.join ??
  ((...parts) => normalise(parts.filter((part) => part !== "").join("/")));

/** Absolute, from the working folder. */
export const resolve: (...parts: string[]) => string = node?.resolve ?? ((...parts) => {
  let path = "";
  for (const part of parts.reverse()) {
    path = path === "" ? part : part === "" ? path : `${part}/${path}`;
    if (path.startsWith("/")) break;
  }
  if (!path.startsWith("/")) path = `${Deno.cwd()}/${path}`;
  const clean = normalise(path);
  return clean.length > 1 && clean.endsWith("/") ? clean.slice(0, -1) : clean;
});

export const sep: string = node?.sep ?? "/";

export const isAbsolute: (path: string) => boolean = node?.isAbsolute ?? ((path) => path.startsWith("/"));

export const relative: (from: string, to: string) => string = node?.relative ?? ((from, to) => {
  const [own, other] = [from, to].map((path) => resolve(path).split("/").filter((segment) => segment !== ""));
  let same = 0;
  while (same < own!.length && same < other!.length && own![same] === other![same]) same++;
  return [...own!.slice(same).map(() => ".."), ...other!.slice(same)].join("/");
});

/** Of an absolute path as `resolve` gives it. */
export const dirname: (path: string) => string = node?.dirname ??
  ((path) => path.slice(0, Math.max(1, path.lastIndexOf("/"))));

function normalise(path: string): string {
  if (path === "") return ".";
  const absolute = path.startsWith("/");
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") kept.push(segment);
    else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (!absolute) kept.push("..");
  }
  const clean = kept.join("/");
  const end = path.endsWith("/") && clean !== "" ? "/" : "";
  return absolute ? `/${clean}${end}` : clean === "" ? (path.endsWith("/") ? "./" : ".") : `${clean}${end}`;
}
