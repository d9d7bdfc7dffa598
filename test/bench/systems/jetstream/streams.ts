/** The streams of the durable rows: files, synced when JetStream does that by default. */
import { jetstreamManager, RetentionPolicy, StorageType } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { DURABLE_EVENTS, type DurableEvent } from "../../scenario.ts";

/** The stream of an event. */
export function streamOf(event: DurableEvent): string {
  return event;
}

/** The subject of an event for one key. */
export function durableSubject(event: DurableEvent, key: number): string {
  return `bench.${event}.${key}`;
}

/** Makes all streams. */
export async function makeStreams(nats: NatsConnection): Promise<void> {
  const manager = await jetstreamManager(nats);
  for (const event of DURABLE_EVENTS) {
    await manager.streams.add({
      name: streamOf(event),
      subjects: [`bench.${event}.*`],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
    });
  }
}
