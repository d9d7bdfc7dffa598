/** Marks the file as one of AgentMesh: "AMSH". */
export const APPLICATION_ID = 0x414d5348;

/** Format of the file. A file of a larger one is refused; a smaller one is brought up to date when there is one. */
export const FORMAT = 2;

/**
 * Events of one bucket have places that differ in their last ten bits only. What is appended together lies together in
 * the index by source, too: without that, each event of another agent would change a page of its own.
 */
export const BUCKET_OF_PLACE = "(place >> 10)";
export const PLACES_PER_BUCKET = 2 ** 10;

/**
 * The tables of this format. What has a `crc` is compared with it when it is read: SQLite notices a page that makes no
 * sense, not a bit within a value.
 */
export const SCHEMA = `
create table event (
  place integer primary key,
  id integer not null,
  namespace text not null,
  topic_type text not null,
  topic_source text not null,
  sender text,
  resent integer not null,
  accepted_unix_ms integer not null,
  crc integer not null,
  content blob not null
) strict;
create index event_of_source on event (${BUCKET_OF_PLACE}, namespace, topic_source);

create table publisher (
  namespace text not null,
  instance text not null,
  through integer not null,
  refused text not null,
  changed integer not null,
  primary key (namespace, instance)
) strict, without rowid;
create index publisher_by_change on publisher (changed);

create table noted_number (
  id integer primary key,
  number integer not null
) strict;

create table subscription (
  namespace text not null,
  name text not null,
  revision integer not null,
  record text not null,
  primary key (namespace, name)
) strict, without rowid;

create table position (
  namespace text not null,
  name text not null,
  partition integer not null,
  revision integer not null,
  record text not null,
  primary key (namespace, name, partition)
) strict, without rowid;

create table state (
  namespace text not null,
  agent_type text not null,
  agent_key text not null,
  revision integer not null,
  schema_version integer not null,
  content_type text not null,
  crc integer not null,
  data blob not null,
  primary key (namespace, agent_type, agent_key)
) strict;

create table dead_letter (
  number integer primary key autoincrement,
  namespace text not null,
  id integer not null,
  target_type text not null,
  target_key text not null,
  subscription text not null,
  topic_type text,
  code text not null,
  parked_unix_ms integer not null,
  bytes integer not null,
  crc integer not null,
  record text not null,
  content blob not null,
  replay_type text,
  replay_key text
) strict;
create unique index dead_letter_by_message
  on dead_letter (namespace, id, target_type, target_key, subscription);
create index dead_letter_by_arrival on dead_letter (
  namespace, number, id, target_type, target_key, subscription, topic_type, code, parked_unix_ms,
  bytes
);
create index dead_letter_by_subscription on dead_letter (namespace, subscription)
  where subscription <> '';
create index dead_letter_parked on dead_letter (number, parked_unix_ms, bytes)
  where replay_type is null;
create index dead_letter_replayed on dead_letter (
  number, namespace, id, target_type, target_key, subscription, bytes, replay_type, replay_key
) where replay_type is not null;

pragma application_id = ${APPLICATION_ID};
pragma user_version = ${FORMAT};
`;
