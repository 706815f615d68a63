/** What a part of an interpolation was read as, and its text. */
export interface Part {
  kind: "text" | "value" | "null";
  text: string;
}

/** Reads a bare part: numbers, booleans and null become the text that Python's str() makes of them. */
export function readTyped(bare: string): Part {
  if (/^[+-]?(0|[1-9](_?\d)*)$/.test(bare)) {
    return { kind: "value", text: String(BigInt(bare.replace(/^\+/, "").replaceAll("_", ""))) };
  }
  if (FLOAT.test(bare)) return { kind: "value", text: pythonFloat(bare) };
  switch (bare.toLowerCase()) {
    case "true":
      return { kind: "value", text: "True" };
    case "false":
      return { kind: "value", text: "False" };
    case "null":
      return { kind: "null", text: "" };
    default:
      return { kind: "text", text: bare };
  }
}

const FLOAT =
  /^[+-]?((0|[1-9](_?\d)*)\.|(0|[1-9](_?\d)*)?\.\d(_?\d)*|((0|[1-9](_?\d)*)\.?|(0|[1-9](_?\d)*)?\.\d(_?\d)*)e[+-]?\d(_?\d)*|inf|nan)$/i;

/** repr() of a Python float: the shortest digits, as in JavaScript, with an exponent below 1e-4 and from 1e16 on. */
function pythonFloat(text: string): string {
  const word = /^([+-]?)(inf|nan)$/i.exec(text);
  if (word !== null) return word[2]!.toLowerCase() === "nan" ? "nan" : word[1] === "-" ? "-inf" : "inf";
  const value = Number(text.replaceAll("_", ""));
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  const [digits, exponent] = value.toExponential().split("e") as [string, string];
  const sign = Object.is(value, -0) ? "-" : "";
  if (value !== 0 && (Number(exponent) < -4 || Number(exponent) >= 16)) {
    return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
  }
  return sign + (Number.isInteger(value) ? `${value}.0` : String(value));
}
