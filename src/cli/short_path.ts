/** Relative to a folder that it lies in; as it is elsewhere. (node:path costs 7 ms at each start.) */
export function shortPath(file: string, folder: string): string {
  if (file === folder) return ".";
  const below = file.startsWith(folder) ? file.slice(folder.replace(/[\\/]$/, "").length) : "";
  return /^[\\/]/.test(below) ? below.slice(1) : file;
}
