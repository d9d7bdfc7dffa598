import { type Command, Option } from "commander";
import { FIELDS, OPTION_NAMES, type OptionName } from "../options/fields.ts";
import { flagName } from "../options/source.ts";

/** Under which heading the help lists an option: that of the last group that begins at or before it. */
const GROUPS: ReadonlyMap<OptionName, string> = new Map([
  ["listen", "Network and security:"],
  ["leaseMs", "Sessions:"],
  ["maxInFlight", "Deliveries and dead letters:"],
  ["autogenSharedTypes", "Workers of AutoGen:"],
  ["timeoutMs", "Calls, start and stop:"],
]);

/** Gives the command a flag for every option of a host. */
export function addHostFlags(command: Command): void {
  let group = "";
  for (const name of OPTION_NAMES) {
    group = GROUPS.get(name) ?? group;
    command.addOption(new Option(usage(name), about(name)).helpGroup(group));
  }
}

/** The flags that were given, by the name of their option. */
export function givenFlags(command: Command): ReadonlyMap<OptionName, string | true> {
  const given = new Map<OptionName, string | true>();
  for (const name of OPTION_NAMES) {
    const value: unknown = command.getOptionValue(name);
    if (typeof value === "string" || value === true) given.set(name, value);
  }
  return given;
}

function usage(name: OptionName): string {
  const { kind, placeholder } = FIELDS[name];
  return kind === "flag" ? flagName(name) : `${flagName(name)} <${placeholder}>`;
}

function about(name: OptionName): string {
  const { kind, fallback, about: text } = FIELDS[name];
  const hasDefault = kind === "integer" || kind === "choice" || name === "listen";
  return hasDefault ? `${text} (default: ${fallback})` : text;
}
