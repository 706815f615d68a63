import gt from "semver/functions/gt.js";
import inc from "semver/functions/inc.js";
import compare from "semver/functions/compare.js";
import { MlforgeError } from "../error.ts";
import type { VersionWish } from "./publisher.ts";
import { VERSION } from "./read_meta.ts";

// Importing semver costs 20 ms: whoever is on the way of `--help` imports this file lazily.

/**
 * The versions that fit a wish, best first, each above the one before, all above `top`. The publisher takes the first
 * free one. A requested version stands alone. Otherwise the bump starts from the published version or, where that is
 * not above `top`, from `top`: numbers that were ever committed or withdrawn never come back.
 *
 * Throws (code `usage`) where the requested version is no version, or not above `top`.
 */
export function candidates(wish: VersionWish): Iterable<string> {
  if (wish.requested !== undefined) return [requested(wish.requested, wish)];
  return bumped(wish);
}

/** Orders versions ascending: negative, zero or positive, as Array.sort takes it. */
export function compareVersions(a: string, b: string): number {
  return compare(a, b);
}

/** The higher of two versions; the other one where one is undefined. */
export function higher(a: string | undefined, b: string): string {
  return a !== undefined && gt(a, b) ? a : b;
}

/** The highest number that a new version must be above. */
function floor(wish: VersionWish): string | undefined {
  return wish.published === undefined ? wish.top : higher(wish.top, wish.published);
}

function requested(version: string, wish: VersionWish): string {
  if (!VERSION.test(version)) {
    throw new MlforgeError("usage", `Refused "${version}" as a version`, {
      hint: "A version is three numbers: 1.3.0",
    });
  }
  const top = floor(wish);
  if (top !== undefined && !gt(version, top)) {
    throw new MlforgeError("usage", `Refused version "${version}": it is not above ${top}`, {
      hint:
        "Numbers that were ever used, also by a build that was rolled back, do not come back: ask for a higher one.",
    });
  }
  return version;
}

function* bumped(wish: VersionWish): Generator<string> {
  const top = floor(wish);
  const bump = bumpFrom(wish);
  let version = wish.published === undefined ? "1.0.0" : next(wish.published, bump);
  if (top !== undefined && !gt(version, top)) version = next(top, bump);
  for (;;) {
    yield version;
    version = next(version, bump);
  }
}

/**
 * A first build whose 1.0.0 a dead build left behind becomes 1.0.1. Where a feature was published before and is no
 * longer, nothing is known of how the new columns relate to the old: only a major number promises nothing.
 */
function bumpFrom(wish: VersionWish): "major" | "minor" | "patch" {
  if (wish.bump === "first" || wish.bump === "requested") return wish.top === undefined ? "patch" : "major";
  return wish.bump;
}

function next(version: string, bump: "major" | "minor" | "patch"): string {
  const bumped = inc(version, bump);
  if (bumped === null || !VERSION.test(bumped)) {
    throw new MlforgeError("failed", `Can't count on from version "${version}"`, {
      hint: "Ask for a version with --version X.Y.Z; each number has at most nine digits.",
    });
  }
  return bumped;
}
