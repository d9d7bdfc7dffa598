import { crc32 } from "node:zlib";
import type { EventQuery } from "../ports.ts";
import type { Database, Query, Value } from "./database.ts";
import type { Handlers, PlainEvent, PlainLoggedEvent } from "./operations.ts";
import { publisherTable } from "./publisher-table.ts";
import { BUCKET_OF_PLACE, PLACES_PER_BUCKET } from "./schema.ts";

type EventRow = readonly [
  place: number,
  id: number,
  namespace: string,
  topicType: string,
  topicSource: string,
  sender: string | null,
  resent: number,
  acceptedUnixMs: number,
  crc: number,
  content: Uint8Array,
];

const COLUMNS = `place, id, namespace, topic_type, topic_source, sender, resent, accepted_unix_ms,
  crc, content`;

/** A place is a partition and a sequence in one number: partition 3, sequence 5 is 3 × 2^40 + 5. */
const PARTITION = 2 ** 40;
/** Sequences that one page looks at: all of them, or buckets of the index when it goes by source. */
const LOOKED_AT_PER_PAGE = 10_000;
const LOOKED_AT_BY_SOURCE = 500 * PLACES_PER_BUCKET;
/** Bytes of content after which a page ends. */
const MOST_PAGE_BYTES = 4 * 1024 * 1024;
/** The content of an event that is damaged. */
const NOTHING = new Uint8Array(0);
/** Sequences that one trim drops. */
const TRIMMED_AT_ONCE = 2_000;

type Names =
  | "appendEvents"
  | "lastEvent"
  | "readEvents"
  | "countEvents"
  | "trimEvents"
  | "latestMarks";

/** The log of events, with the marks of their publishers. */
export function eventTable(database: Database): Handlers<Names> {
  const insert = database.command(
    `insert into event (${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const ends = database.query<[number | null, number | null]>(
    `select (select min(place) from event where place >= ?1 and place < ?2),
            (select max(place) from event where place >= ?1 and place < ?2)`,
  );
  const trim = database.command("delete from event where place >= ? and place <= ?");
  const publishers = publisherTable(database);
  const { read, count } = eventReader(database);
  const endsOf = (partition: number): readonly [first: number, last: number] => {
    const base = partition * PARTITION;
    const [row] = ends(base, base + PARTITION);
    return [row?.[0] ?? base, row?.[1] ?? base];
  };
  /** The place of the last event of each partition, as far as it was asked for. */
  const lastPlaces = new Map<number, number>();
  database.onUndone(() => lastPlaces.clear());
  return {
    appendEvents({ partition, events, mark }) {
      const first = (lastPlaces.get(partition) ?? endsOf(partition)[1]) + 1;
      for (const [index, event] of events.entries()) insert(first + index, ...valuesOf(event));
      lastPlaces.set(partition, first + events.length - 1);
      if (mark !== undefined) publishers.write(mark);
      return first - partition * PARTITION;
    },
    lastEvent: ({ partition }) => endsOf(partition)[1] - partition * PARTITION,
    readEvents: read,
    countEvents: count,
    trimEvents({ partition, through }) {
      const [first, last] = endsOf(partition);
      // The last event stays, so that its sequence is not given again.
      const wanted = Math.min(partition * PARTITION + through, last - 1);
      const until = Math.min(wanted, first + TRIMMED_AT_ONCE);
      trim(first, until);
      return until < wanted;
    },
    latestMarks: ({ limit }) => publishers.latest(limit),
  };
}

interface Reader {
  readonly read: Handlers<"readEvents">["readEvents"];
  readonly count: Handlers<"countEvents">["countEvents"];
}

/** Reads a page in two steps: how many events fit, then the events. */
function eventReader(database: Database): Reader {
  const sizes = (rest: string): Query<[number, number]> =>
    database.query(
      `select place, length(content) from event where ${rest} order by place limit ?5`,
    );
  const rows = (rest: string): Query<EventRow> =>
    database.query(`select ${COLUMNS} from event where ${rest} order by place limit ?5`);
  const statements = (rest: string) => ({ sizes: sizes(rest), rows: rows(rest) });
  const scope = "namespace = ?1 and place > ?2 and place <= ?3";
  const exact = `${scope} and topic_type = ?4`;
  const prefix = `${scope} and substr(topic_type, 1, length(?4)) = ?4`;
  const all = { exact: statements(exact), prefix: statements(prefix) };
  const ofSource = {
    exact: statements(`${exact} and topic_source = ?6 and ${BUCKET_OF_PLACE} = ?7`),
    prefix: statements(`${prefix} and topic_source = ?6 and ${BUCKET_OF_PLACE} = ?7`),
  };
  const prepared = ({ source, match }: EventQuery) =>
    source === undefined ? all[match.kind] : ofSource[match.kind];
  return {
    read(query) {
      const base = query.partition * PARTITION;
      const until = lookedAt(query);
      const { sizes: sizesOf, rows: rowsOf } = prepared(query);
      const found = rowsUpTo(until, query, sizesOf, query.limit);
      const { count, isCut } = fitting(found, query.limit);
      const read = count === 0 ? [] : rowsUpTo(until, query, rowsOf, count);
      const events = read.map((row) => eventOf(row, base, database.file));
      return { events, through: isCut ? (events.at(-1)?.sequence ?? until) : until };
    },
    count(query) {
      const until = lookedAt(query);
      const found = rowsUpTo(until, query, prepared(query).sizes, query.limit).length;
      return { count: found, isCut: found === query.limit || until < query.through };
    },
  };
}

function lookedAt({ source, after, through }: EventQuery): number {
  const most = source === undefined ? LOOKED_AT_PER_PAGE : LOOKED_AT_BY_SOURCE;
  return Math.min(through, after + most);
}

/** The first rows of a query; by source, bucket after bucket, of which each gives its own in order. */
function rowsUpTo<Row extends readonly Value[]>(
  until: number,
  { partition, namespace, match, source, ...query }: EventQuery & { readonly partition: number },
  select: Query<Row>,
  limit: number,
): Row[] {
  const after = partition * PARTITION + query.after;
  const end = partition * PARTITION + until;
  if (source === undefined) return select(namespace, after, end, match.text, limit);
  const rows: Row[] = [];
  const last = Math.floor(end / PLACES_PER_BUCKET);
  let bucket = Math.floor((after + 1) / PLACES_PER_BUCKET);
  for (; bucket <= last && rows.length < limit; bucket++) {
    const left = limit - rows.length;
    rows.push(...select(namespace, after, end, match.text, left, source, bucket));
  }
  return rows;
}

/** How many of these events, with their sizes, make a page: one at least. */
function fitting(
  sizes: readonly (readonly [number, number])[],
  limit: number,
): { readonly count: number; readonly isCut: boolean } {
  let bytes = 0;
  let count = 0;
  for (const [, size] of sizes) {
    bytes += size;
    if (count > 0 && bytes > MOST_PAGE_BYTES) return { count, isCut: true };
    count++;
  }
  return { count, isCut: count === limit };
}

function valuesOf(event: PlainEvent): Value[] {
  const { id, namespace, topic, sender, resent, acceptedUnixMs, content } = event;
  const from = sender === undefined ? null : sender.join("/");
  return [
    id,
    namespace,
    topic[0],
    topic[1],
    from,
    resent ? 1 : 0,
    acceptedUnixMs,
    sumOf(event),
    content,
  ];
}

function eventOf(row: EventRow, base: number, file: string): PlainLoggedEvent {
  const [place, id, namespace, topicType, topicSource, sender, resent, at, crc, content] = row;
  const slash = sender?.indexOf("/") ?? 0;
  const event: PlainLoggedEvent = {
    sequence: place - base,
    id,
    namespace,
    topic: [topicType, topicSource],
    sender: sender === null ? undefined : [sender.slice(0, slash), sender.slice(slash + 1)],
    resent: resent === 1,
    acceptedUnixMs: at,
    content,
  };
  if (sumOf(event) === crc) return event;
  const damage = `what ${file} kept of event ${event.sequence} is damaged`;
  return { ...event, content: NOTHING, damage };
}

/** Over everything that says what the event is and where it goes. */
function sumOf({ id, namespace, topic, sender, content }: PlainEvent): number {
  return crc32(content, crc32([id, namespace, ...topic, ...(sender ?? [])].join("\n")));
}
