/** Dead letters as rows of their table. */
import { crc32 } from "node:zlib";
import type { Value } from "./database.ts";
import type { Pair, PlainLetter } from "./operations.ts";

/** A row, in the order of {@link LETTER_COLUMNS}. */
export type LetterRow = readonly [
  namespace: string,
  id: number,
  targetType: string,
  targetKey: string,
  subscription: string,
  topicType: string | null,
  code: string,
  parkedUnixMs: number,
  bytes: number,
  crc: number,
  record: string,
  content: Uint8Array,
  replayType: string | null,
  replayKey: string | null,
];

export const LETTER_COLUMNS = `namespace, id, target_type, target_key, subscription, topic_type, code,
  parked_unix_ms, bytes, crc, record, content, replay_type, replay_key`;

/** The values of a row. */
export function valuesOf(letter: PlainLetter): Value[] {
  return [
    letter.namespace,
    letter.id,
    ...letter.target,
    letter.subscription,
    letter.topicType ?? null,
    letter.code,
    letter.parkedUnixMs,
    letter.bytes,
    sumOf(letter),
    letter.record,
    letter.content,
    letter.replayTarget?.[0] ?? null,
    letter.replayTarget?.[1] ?? null,
  ];
}

/** The letter of a row. One that is damaged is told as such: it must not hide the others. */
export function letterOf(row: LetterRow, file: string): PlainLetter {
  const letter: PlainLetter = {
    namespace: row[0],
    id: row[1],
    target: [row[2], row[3]],
    subscription: row[4],
    topicType: row[5] ?? undefined,
    code: row[6],
    parkedUnixMs: row[7],
    bytes: row[8],
    record: row[10],
    content: row[11],
    replayTarget: pairOf(row[12], row[13]),
  };
  if (sumOf(letter) === row[9]) return letter;
  return { ...letter, damage: `what ${file} kept of dead letter ${letter.id} is damaged` };
}

function pairOf(type: string | null, key: string | null): Pair | undefined {
  return type === null || key === null ? undefined : [type, key];
}

function sumOf({ record, content }: PlainLetter): number {
  return crc32(content, crc32(record));
}
