import type { DeadLetter } from "../model/dead-letter.ts";
import { DEAD_LETTER_OVERHEAD_BYTES, type DeadLetterFilter } from "./dead-letter-store.ts";

/** Whether the filter selects the letter. */
export function selects(filter: DeadLetterFilter, letter: DeadLetter): boolean {
  return (
    same(filter.agentType, letter.target.type) &&
    same(filter.agentKey, letter.target.key) &&
    same(filter.topicType, letter.topic?.type) &&
    same(filter.code, letter.failure.code) &&
    same(filter.subscription, letter.subscription) &&
    letter.parkedUnixMs >= (filter.sinceUnixMs ?? Number.NEGATIVE_INFINITY) &&
    letter.parkedUnixMs < (filter.untilUnixMs ?? Number.POSITIVE_INFINITY) &&
    (filter.ids?.has(letter.id) ?? true)
  );
}

/** What a letter counts against the limit of bytes. Texts count by their characters. */
export function bytesOf(letter: DeadLetter): number {
  const { failure } = letter;
  const texts = failure.text.length + failure.stack.length + (failure.details?.length ?? 0);
  return DEAD_LETTER_OVERHEAD_BYTES + letter.content.length + texts;
}

function same(wanted: string | undefined, actual: string | undefined): boolean {
  return wanted === undefined || wanted === actual;
}
