import { parseDuration } from "../definitions/duration.ts";
import { MlforgeError } from "../error.ts";

const SECONDS: Record<string, number> = { "": 1, s: 1, m: 60, h: 3600 };

/** `90`, `90s`, `5m` or `1h`, in seconds. */
export function parseSeconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([smh]?)$/.exec(text.trim());
  const seconds = Number(match?.[1]) * (SECONDS[match?.[2] ?? "?"] ?? NaN);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new MlforgeError("usage", `"${text}" is not a length of time`, {
    hint: "Write it as 90s, 5m or 1h.",
  });
}

/** `90d`, `12h`, `2w` or `30m`, in seconds; also 0. */
export function parseAge(text: string): number {
  const duration = text === "0" ? { seconds: 0 } : parseDuration(text);
  if (duration !== undefined) return duration.seconds;
  throw new MlforgeError("usage", `"${text}" is not an age`, { hint: "Write it as 30m, 12h, 90d or 2w." });
}

/** A whole number above zero. */
export function parseCount(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count > 0) return count;
  throw new MlforgeError("usage", `"${text}" is not a whole number above zero`);
}

/** A number of rows to sample: whole, 1 to 999,999. */
export function parseSample(text: string): number {
  const count = parseCount(text);
  if (count < 1e6) return count;
  throw new MlforgeError("usage", `"${text}" is too large a sample`, { hint: "Take less than a million." });
}

/** A whole number, also 0. */
export function parseSeed(text: string): number {
  return text === "0" ? 0 : parseCount(text);
}

/** `1.2.0`. */
export function parseVersion(text: string): string {
  if (/^(0|[1-9]\d{0,8})(\.(0|[1-9]\d{0,8})){2}$/.test(text)) return text;
  throw new MlforgeError("usage", `"${text}" is not a version`, { hint: "Write it as 1.2.0." });
}

/** `a,b` as names; empty ones are refused. */
export function parseNames(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.every((name) => name !== "")) return [...new Set(names)];
  throw new MlforgeError("usage", `"${text}" is not a list of names`, { hint: "Write it as a,b,c." });
}

/** `origin=ATL` as its two sides. */
export function parsePair(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at).trim(), text.slice(at + 1)];
  throw new MlforgeError("usage", `"${text}" is not a name and a value`, { hint: "Write it as name=value." });
}

/** `user_spend` or `user_spend@1.2.0`. */
export function parseFeature(text: string): { name: string; version?: string } {
  const match = /^([^@]+)(?:@(\d+\.\d+\.\d+))?$/.exec(text);
  const name = match?.[1];
  if (name === undefined) {
    throw new MlforgeError("usage", `"${text}" is not a feature`, {
      hint: "Write it as name or name@1.2.0.",
    });
  }
  return match?.[2] === undefined ? { name } : { name, version: match[2] };
}

/** 12 B, 3.4 kB, 1.2 GB. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (value < 999.5) return `${unit === "B" ? value : value.toPrecision(value < 9.995 ? 2 : 3)} ${unit}`;
    value /= 1000;
  }
  return `${value.toPrecision(3)} TB`;
}

/** 3,000,000. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 version`, `3,000 versions`. */
export function counted(count: number, word: string): string {
  return `${formatCount(count)} ${count === 1 ? word : `${word}s`}`;
}

/** 0.12 s, 1.9 s, 2 min 5 s. */
export function formatSeconds(seconds: number): string {
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Of an ISO time: to the minute, in UTC as all times. */
export function shortTime(time: string | undefined): string {
  return (time ?? "").slice(0, 16).replace("T", " ");
}
