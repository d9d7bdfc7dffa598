/**
 * Checks plain objects against a loaded message type. protobufjs turns whatever it is given into something that fits; a
 * sender wants to know instead.
 */
import { types } from "node:util";
import protobuf from "protobufjs";
import { formatPath } from "../json-path.ts";

type Path = readonly PropertyKey[];

/** Steps into a value: more than encoders take. It ends the search in a cycle. */
const MOST_STEPS = 200;

const LONE_SURROGATE = /\p{Surrogate}/u;
const DECIMAL = /^-?(0|[1-9]\d{0,19})$/;

interface Range {
  readonly least: bigint;
  readonly most: bigint;
}

const INT32: Range = { least: -(2n ** 31n), most: 2n ** 31n - 1n };
const UINT32: Range = { least: 0n, most: 2n ** 32n - 1n };
const INT64: Range = { least: -(2n ** 63n), most: 2n ** 63n - 1n };
const UINT64: Range = { least: 0n, most: 2n ** 64n - 1n };

const RANGES: ReadonlyMap<string, Range> = new Map([
  ["int32", INT32],
  ["sint32", INT32],
  ["sfixed32", INT32],
  ["uint32", UINT32],
  ["fixed32", UINT32],
  ["int64", INT64],
  ["sint64", INT64],
  ["sfixed64", INT64],
  ["uint64", UINT64],
  ["fixed64", UINT64],
]);

/** Where and why a value is no message of this type: `items[2].count: expected …`; undefined when it is one. */
export function fieldProblem(type: protobuf.Type, value: unknown): string | undefined {
  return inMessage(type, value, []);
}

function inMessage(type: protobuf.Type, value: unknown, path: Path): string | undefined {
  if (!isRecord(value)) return problem(path, `expected a ${type.name}, not ${shown(value)}`);
  if (path.length > MOST_STEPS) return problem(path, "it is nested too deeply");
  const chosen = new Map<protobuf.OneOf, string>();
  for (const [name, content] of Object.entries(value)) {
    if (content === undefined || content === null) continue;
    const field = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;
    if (field === undefined) return problem(path, `${type.name} has no field ${shown(name)}`);
    const rival = choose(chosen, field);
    if (rival !== undefined) return problem(path, `only one of ${rival} and ${name} may be set`);
    const found = inField(field.resolve(), content, [...path, name]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Notes that a field of a `oneof` is set. @returns the other one that is set already. */
function choose(chosen: Map<protobuf.OneOf, string>, field: protobuf.Field): string | undefined {
  if (field.partOf === null) return undefined;
  const rival = chosen.get(field.partOf);
  chosen.set(field.partOf, field.name);
  return rival;
}

function inField(field: protobuf.Field, value: unknown, path: Path): string | undefined {
  if (field instanceof protobuf.MapField) return inMap(field, field.keyType, value, path);
  if (!field.repeated) return inElement(field, value, path);
  if (!Array.isArray(value)) return problem(path, `expected an array, not ${shown(value)}`);
  for (const [index, element] of value.entries()) {
    const found = inElement(field, element, [...path, index]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function inMap(
  field: protobuf.Field,
  keyType: string,
  value: unknown,
  path: Path,
): string | undefined {
  if (!isRecord(value)) return problem(path, `expected an object, not ${shown(value)}`);
  for (const [key, element] of Object.entries(value)) {
    if (!isMapKey(keyType, key)) return problem(path, `${shown(key)} is no ${keyType}`);
    const found = inElement(field, element, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function inElement(field: protobuf.Field, value: unknown, path: Path): string | undefined {
  const { resolvedType, type } = field;
  if (resolvedType instanceof protobuf.Type) return inMessage(resolvedType, value, path);
  const fits = resolvedType === null ? isScalar(type, value) : isEnumValue(resolvedType, value);
  return fits ? undefined : problem(path, `expected ${type}, not ${shown(value)}`);
}

function isScalar(type: string, value: unknown): boolean {
  switch (type) {
    case "string":
      return typeof value === "string" && !LONE_SURROGATE.test(value);
    case "bytes":
      return value instanceof Uint8Array;
    case "bool":
      return typeof value === "boolean";
    case "double":
    case "float":
      return typeof value === "number";
    default:
      return isInteger(type, value);
  }
}

function isInteger(type: string, value: unknown): boolean {
  return isWithin(type, integerOf(value, type.endsWith("64")));
}

/** A number, and for 64 bits also a bigint or a decimal text. */
function integerOf(value: unknown, isLong: boolean): bigint | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  if (!isLong) return undefined;
  if (typeof value === "string") return DECIMAL.test(value) ? BigInt(value) : undefined;
  return typeof value === "bigint" ? value : undefined;
}

function isWithin(type: string, integer: bigint | undefined): boolean {
  const range = RANGES.get(type);
  if (range === undefined || integer === undefined) return false;
  return integer >= range.least && integer <= range.most;
}

function isEnumValue({ values }: protobuf.Enum, value: unknown): boolean {
  if (typeof value === "string") return Object.hasOwn(values, value);
  return isInteger("int32", value);
}

/** Keys of maps are texts, whatever they stand for. */
function isMapKey(type: string, key: string): boolean {
  if (type === "bool") return key === "true" || key === "false";
  if (type === "string") return isScalar(type, key);
  return isWithin(type, integerOf(key, true));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !ArrayBuffer.isView(value) && !types.isDate(value);
}

function problem(path: Path, reason: string): string {
  const where = formatPath(path);
  return where === "" ? reason : `${where}: ${reason}`;
}

function shown(value: unknown): string {
  if (typeof value === "string") return value.length > 40 ? "a text" : JSON.stringify(value);
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? "an array" : "an object";
  return String(value);
}
