import Denque from "denque";
import { matches } from "../model/topic-match.ts";
import type {
  EventCount,
  EventLog,
  EventPage,
  EventQuery,
  LoggedEvent,
  NewEvent,
  PublisherMark,
} from "./ports.ts";

/** Events that one page looks at. */
const LOOKED_AT_PER_PAGE = 10_000;

/** One partition. Sequences have no gaps, so the place of an event follows from its sequence. */
interface Partition {
  readonly events: Denque<LoggedEvent>;
  last: number;
}

/** A log that is gone when the process ends. */
export class MemoryEventLog implements EventLog {
  readonly #partitions = new Map<number, Partition>();
  readonly #onMark: (mark: PublisherMark) => void;

  /** `onMark` keeps the marks that come with events. */
  constructor(onMark: (mark: PublisherMark) => void) {
    this.#onMark = onMark;
  }

  append(partition: number, added: NewEvent, mark?: PublisherMark): Promise<number> {
    return this.appendAll(partition, [added], mark);
  }

  async appendAll(
    number: number,
    added: readonly NewEvent[],
    mark?: PublisherMark,
  ): Promise<number> {
    const partition = this.#partition(number);
    const first = partition.last + 1;
    for (const event of added) partition.events.push({ ...event, sequence: ++partition.last });
    if (mark !== undefined) this.#onMark(mark);
    return first;
  }

  async last(partition: number): Promise<number> {
    return this.#partition(partition).last;
  }

  async read(partition: number, query: EventQuery): Promise<EventPage> {
    const { events: all, last } = this.#partition(partition);
    const end = Math.min(query.through, last, query.after + LOOKED_AT_PER_PAGE);
    const first = last - all.length + 1;
    const events: LoggedEvent[] = [];
    for (let at = Math.max(query.after + 1, first); at <= end; at++) {
      const logged = all.peekAt(at - first);
      if (logged === undefined || !isMeant(query, logged)) continue;
      events.push(logged);
      if (events.length === query.limit) return { events, through: at };
    }
    return { events, through: end < Math.min(query.through, last) ? end : query.through };
  }

  async count(partition: number, query: EventQuery): Promise<EventCount> {
    const { events, through } = await this.read(partition, query);
    const isCut = through < Math.min(query.through, this.#partition(partition).last);
    return { count: events.length, isCut };
  }

  async trim(partition: number, through: number): Promise<void> {
    const { events } = this.#partition(partition);
    while ((events.peekFront()?.sequence ?? Number.POSITIVE_INFINITY) <= through) events.shift();
  }

  #partition(number: number): Partition {
    let partition = this.#partitions.get(number);
    if (partition === undefined) {
      partition = { events: new Denque(), last: 0 };
      this.#partitions.set(number, partition);
    }
    return partition;
  }
}

function isMeant({ namespace, match, source }: EventQuery, logged: LoggedEvent): boolean {
  const { topic } = logged.event;
  return (
    logged.namespace === namespace &&
    matches(match, topic.type) &&
    (source === undefined || topic.source === source)
  );
}
