import { invalid, quote } from "@agentmesh/proto";
import type { Field } from "./field.ts";
import { FIELDS, OPTION_NAMES, type OptionName } from "./fields.ts";

/** A place that options come from. */
export interface OptionSource {
  /** The value of an option; undefined where this place has none. */
  value(name: OptionName): unknown;
  /** How this place calls the option, for errors. */
  label(name: OptionName): string;
}

/** Every option with its value or default. */
export type CompleteOptions = {
  readonly [Name in OptionName]: (typeof FIELDS)[Name]["fallback"];
};

/**
 * Options given in code.
 *
 * @throws MeshError `INVALID_ARGUMENT` for a name that is no option.
 */
export function givenOptions(options: object): OptionSource {
  const given = new Map<string, unknown>(Object.entries(options));
  for (const name of given.keys()) {
    if (!Object.hasOwn(FIELDS, name)) throw invalid(`${quote(name)} is no option of a host`);
  }
  return { value: (name) => given.get(name), label: (name) => name };
}

/** Options in the environment: `AGENTMESH_LEASE_MS`. An empty variable counts as none. */
export function environmentOptions(
  env: Readonly<Record<string, string | undefined>>,
): OptionSource {
  return {
    value(name) {
      const text = env[environmentName(name)]?.trim();
      return text === undefined || text === "" ? undefined : FIELDS[name].parse(text);
    },
    label: environmentName,
  };
}

/** Options on the command line: `--lease-ms`. `flags` holds texts, and true for flags without a value. */
export function flagOptions(flags: ReadonlyMap<OptionName, string | true>): OptionSource {
  return {
    value(name) {
      const given = flags.get(name);
      return typeof given === "string" ? FIELDS[name].parse(given) : given;
    },
    label: flagName,
  };
}

/**
 * Each option from the first source that has it, or its default.
 *
 * @throws MeshError `INVALID_ARGUMENT` for the first value that is not allowed, under the name that its source uses.
 */
export function readOptions(sources: readonly OptionSource[]): CompleteOptions {
  const values: Partial<Record<OptionName, unknown>> = {};
  for (const name of OPTION_NAMES) values[name] = readOption(name, FIELDS[name], sources);
  // Each value has passed `accepts` of the field with the same name.
  return values as CompleteOptions;
}

/** The name of an option in running text, where no source is at fault alone: `lease-ms`. */
export function optionText(name: string): string {
  return words(name).join("-");
}

/** The name of an option on the command line. */
export function flagName(name: string): string {
  return `--${optionText(name)}`;
}

/** The name of an option in the environment. */
export function environmentName(name: string): string {
  return `AGENTMESH_${words(name).join("_").toUpperCase()}`;
}

function readOption(
  name: OptionName,
  field: Field<unknown>,
  sources: readonly OptionSource[],
): unknown {
  for (const source of sources) {
    const value = source.value(name);
    if (value === undefined) continue;
    if (field.accepts(value)) return value;
    const got = field.kind === "secret" ? "" : `, got ${display(value)}`;
    throw invalid(`${source.label(name)} must be ${field.allowed}${got}`);
  }
  return field.fallback;
}

function display(value: unknown): string {
  if (Array.isArray(value)) return quote(value.join(","));
  return typeof value === "string" ? quote(value) : String(value);
}

function words(name: string): string[] {
  return name.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
}
