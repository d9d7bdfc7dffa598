/** Tells a recorder what one runtime and its mesh say to each other. */
import type { Clock, Failure } from "@agentmesh/proto";
import type {
  AcceptedFrame,
  ChunkFrame,
  DeliverFrame,
  Ending,
  EventFrame,
  PublishFrame,
  ResultFrame,
  SendFrame,
  TurnEndFrame,
} from "@agentmesh/proto/wire";
import type { Downlink, Renewal, Uplink } from "../connection/mesh-port.ts";
import type { EntryInit, EntryOutcome } from "./entry.ts";
import { DownlinkPassage, UplinkPassage } from "./passage.ts";
import type { Recorder } from "./recorder.ts";
import { type Arrival, Traffic } from "./traffic.ts";

/** A runtime as a recorder knows it. */
export class Recording {
  readonly traffic = new Traffic();
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #runtime: string;

  constructor(recorder: Recorder, clock: Clock, runtime: string) {
    this.#recorder = recorder;
    this.#clock = clock;
    this.#runtime = runtime;
  }

  /** The ports that tell what passes through them. */
  downlink(runtime: Downlink): Downlink {
    return new RecordingDownlink(runtime, this);
  }

  uplink(mesh: Uplink): Uplink {
    return new RecordingUplink(mesh, this);
  }

  note(entry: Omit<EntryInit, "runtime" | "atMs">): void {
    this.#recorder.note({ ...entry, runtime: this.#runtime, atMs: this.#clock.now() });
  }

  /** A turn is over. Without effect for one that is over already. */
  turnOver(delivery: number, end: Pick<EntryInit, "outcome" | "reply" | "error">): void {
    const arrival = this.traffic.ended(delivery);
    if (arrival !== undefined) this.note({ ...noteOf(arrival), kind: "turn", ...end });
  }

  /** What is on its way has lost its mesh; `goOn` sends again what can be. */
  lost(goOn: () => void): void {
    const { deliveries, publishes, requests } = this.traffic;
    publishes.clear();
    for (const delivery of [...deliveries.keys()]) this.turnOver(delivery, { outcome: "lost" });
    const before = new Map(requests);
    requests.clear();
    goOn();
    for (const [request, message] of before) {
      if (!requests.has(request)) this.note({ kind: "settled", ...message, outcome: "lost" });
    }
  }
}

class RecordingUplink extends UplinkPassage {
  readonly #recording: Recording;

  constructor(mesh: Uplink, recording: Recording) {
    super(mesh);
    this.#recording = recording;
  }

  override send(frame: SendFrame): number {
    this.#recording.note({ kind: "sent", ...this.#recording.traffic.sent(frame) });
    return super.send(frame);
  }

  override publish(frame: PublishFrame): number {
    const { topic, content, activation, sequence } = frame;
    this.#recording.traffic.publishes.add(sequence);
    const from = this.#recording.traffic.agent(activation);
    this.#recording.note({ kind: "published", from, to: undefined, topic, content });
    return super.publish(frame);
  }

  override turnEnd(frame: TurnEndFrame): void {
    this.#recording.turnOver(frame.delivery, endOf(frame.ending));
    super.turnEnd(frame);
  }

  override done(activation: number, delivery: number): void {
    this.#recording.turnOver(delivery, { outcome: "done" });
    super.done(activation, delivery);
  }

  override release(deliveries: readonly number[]): void {
    for (const delivery of deliveries) {
      this.#recording.turnOver(delivery, { outcome: "given-back" });
    }
    super.release(deliveries);
  }

  override close(): Promise<void> {
    this.#recording.lost(() => undefined);
    return super.close();
  }

  override cancel(request: number): void {
    // Who cancels does not wait for the mesh.
    const message = this.#recording.traffic.settled(request);
    if (message !== undefined) {
      this.#recording.note({ kind: "settled", ...message, outcome: "failed" });
    }
    super.cancel(request);
  }
}

class RecordingDownlink extends DownlinkPassage {
  readonly #recording: Recording;

  constructor(runtime: Downlink, recording: Recording) {
    super(runtime);
    this.#recording = recording;
  }

  override deliver(frame: DeliverFrame): void {
    this.#arrived(frame);
    super.deliver(frame);
  }

  override event(frame: EventFrame): void {
    this.#arrived(frame);
    super.event(frame);
  }

  override result(frame: ResultFrame): void {
    const message = this.#recording.traffic.settled(frame.request);
    if (message !== undefined) {
      this.#recording.note({ kind: "settled", ...message, ...endOf(frame.ending) });
    }
    super.result(frame);
  }

  override accepted(frame: AcceptedFrame): void {
    for (const sequence of frame.sequences) this.#recording.traffic.publishes.delete(sequence);
    super.accepted(frame);
  }

  override refused(sequence: number, reason: Failure): void {
    this.#recording.traffic.publishes.delete(sequence);
    super.refused(sequence, reason);
  }

  override chunk(frame: ChunkFrame): void {
    const message = this.#recording.traffic.requests.get(frame.request);
    if (message !== undefined) {
      const { from, to } = message;
      this.#recording.note({ kind: "chunk", from: to, to: from, content: frame.content });
    }
    super.chunk(frame);
  }

  override renewed(start: Renewal): void {
    this.#recording.lost(() => super.renewed(start));
  }

  #arrived(frame: DeliverFrame | EventFrame): void {
    for (const arrival of this.#recording.traffic.arrived(frame)) {
      this.#recording.note({ kind: "delivered", ...noteOf(arrival) });
    }
  }
}

function noteOf({ content, from, to, topic, attempt }: Arrival) {
  return { content, from, to, topic, attempt };
}

function endOf(ending: Ending | TurnEndFrame["ending"]): {
  outcome: EntryOutcome;
  reply?: EntryInit["reply"];
  error?: EntryInit["error"];
} {
  switch (ending.kind) {
    case "reply":
      return { outcome: "replied", reply: ending.content };
    case "failed":
      return { outcome: "failed", error: ending.failure };
    default:
      return { outcome: ending.kind };
  }
}
