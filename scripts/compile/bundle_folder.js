// Packages that look for a file beside their own, by __dirname, find it beside the bundle.
export const bundleFolder = import.meta.dirname;
