/** What real workers of AutoGen and their host said to each other; `fixtures/README.md` explains the files. */
import { readdirSync, readFileSync } from "node:fs";
import { z } from "zod";

const Status = z.object({ code: z.number(), details: z.string() });

const RecordOf = z.object({
  /** Place in the order in which things were seen between worker and host. */
  seq: z.number(),
  /** Number of the call. */
  call: z.number(),
  method: z.string().transform((path) => path.slice(path.lastIndexOf("/") + 1)),
  direction: z.enum(["c2s", "s2c"]),
  /** `client-id` of the call; null when it has none. */
  client: z.string().nullable(),
  event: z.enum(["open", "message", "cancel", "end"]),
  /** How the call ended, where it did. */
  status: Status.optional(),
  /** Full name of the type of the message. */
  message_type: z.string().optional(),
  /** The message; empty where there is none. */
  base64: z
    .string()
    .default("")
    .transform((text) => Buffer.from(text, "base64")),
});

const Recording = z.object({ scenario: z.string(), records: z.array(RecordOf) });

export type Recorded = z.infer<typeof RecordOf>;
export type Recording = z.infer<typeof Recording>;

const FOLDER = new URL("./fixtures/", import.meta.url);

/** All recordings, by the names of their scenarios. */
export function loadRecordings(): Recording[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => Recording.parse(JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"))));
}
