import type { Command } from "commander";
import type { Page, PageQuery } from "../client/admin-calls.ts";
import type { Output } from "../output/output.ts";
import type { Column } from "../output/table.ts";
import { integer, numberFlag, textFlag } from "./host-command.ts";

const DEFAULT_LIMIT = 100;
const MOST = 100_000;
/** Entries that a host gives at once. */
const PAGE = 1_000;

/** Adds the flags of a list. */
export function addListFlags(command: Command): Command {
  return command
    .option("--limit <n>", `entries at most (default: ${DEFAULT_LIMIT})`, integer(1, MOST))
    .option("--cursor <cursor>", "go on where an earlier list has ended");
}

/** Fetches as much of a list as the flags ask for, page by page. */
export async function fetchList<Entry>(
  command: Command,
  fetch: (query: PageQuery) => Promise<Page<Entry>>,
): Promise<Page<Entry>> {
  const entries: Entry[] = [];
  const limit = numberFlag(command, "limit") ?? DEFAULT_LIMIT;
  let cursor = textFlag(command, "cursor") ?? "";
  do {
    const page = await fetch({ cursor, limit: Math.min(PAGE, limit - entries.length) });
    entries.push(...page.entries);
    cursor = page.nextCursor;
  } while (cursor !== "" && entries.length < limit);
  return { entries, nextCursor: cursor };
}

/** Prints a list under its name. */
export function printList<Entry>(
  output: Output,
  name: string,
  { entries, nextCursor }: Page<Entry>,
  columns: readonly Column<Entry>[],
  nothing: string,
): void {
  output.result({ [name]: entries, nextCursor }, () =>
    entries.length === 0 ? [nothing] : output.table(entries, columns),
  );
  if (nextCursor !== "") output.note(`There are more: --cursor ${nextCursor}`);
}
