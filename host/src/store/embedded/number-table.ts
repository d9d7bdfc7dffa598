import type { Database } from "./database.ts";
import type { Handlers } from "./operations.ts";

/** Up to where numbers may have been given out: one row, once there is a note. */
export function numberTable(database: Database): Handlers<"notedNumber" | "noteNumber"> {
  const read = database.query<[number]>("select number from noted_number");
  const write = database.command(
    `insert into noted_number (id, number) values (1, ?)
     on conflict do update set number = max(number, excluded.number)`,
  );
  return {
    notedNumber: () => read()[0]?.[0] ?? 0,
    noteNumber({ number }) {
      write(number);
      return undefined;
    },
  };
}
