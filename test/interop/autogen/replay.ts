/** Plays what the workers of a recording wrote to a host, and checks that each gets what it needs, and no more. */
import { isDeepStrictEqual } from "node:util";
import { ControlMessage, GetSubscriptionsResponse, Message } from "@agentmesh/proto/agents";
import { type Client, status as STATUS } from "@grpc/grpc-js";
import { expect } from "vitest";
import {
  AutogenChannel,
  type AutogenStatus,
  autogenConnection,
  callAutogen,
} from "../../support/autogen-channel.ts";
import { until } from "../../support/waiting.ts";
import { CORRECTIONS, type Correction } from "./corrections.ts";
import type { Recorded, Recording } from "./recording.ts";

type Value = NonNullable<Message["message"]>;

/** A stream, with what has arrived and no record has spoken for yet. */
interface Stream {
  readonly channel: AutogenChannel;
  readonly isControl: boolean;
  unread: Buffer[];
  /** Ids that the host gave to requests, by those of the recording, oldest first. */
  readonly requestIds: Map<string, string[]>;
}

export class Replay {
  readonly #recording: Recording;
  readonly #client: Client;
  readonly #gone: (clientId: string) => Promise<unknown>;
  readonly #streams = new Map<number, Stream>();
  readonly #answers = new Map<number, Promise<Buffer | AutogenStatus>>();

  /** `gone` resolves when the host has seen that a client is gone. */
  constructor(address: string, recording: Recording, gone: (clientId: string) => Promise<unknown>) {
    this.#client = autogenConnection(address);
    this.#recording = recording;
    this.#gone = gone;
  }

  /** Plays all of it. @throws when the host does otherwise. */
  async play(): Promise<void> {
    for (const record of this.#recording.records) {
      const correction = CORRECTIONS[this.#recording.scenario]?.[record.seq] ?? {};
      if (record.direction === "c2s") await this.#say(record);
      else await this.#hear(record, correction);
      await this.#hearMore(record, correction);
    }
  }

  async #say(record: Recorded): Promise<void> {
    const stream = this.#streams.get(record.call);
    if (record.event === "open") await this.#open(record);
    else if (record.event === "cancel") await this.#leave(record);
    else if (stream !== undefined) stream.channel.write(wordsOf(record, stream));
    else {
      const headers = { clientId: record.client ?? undefined };
      const answer = callAutogen(this.#client, record.method, headers, record.base64);
      this.#answers.set(record.call, answer);
    }
  }

  async #open({ call, method, client }: Recorded): Promise<void> {
    const channel = new AutogenChannel(this.#client, method, { clientId: client ?? undefined });
    const isControl = method === "OpenControlChannel";
    const stream: Stream = { channel, isControl, unread: [], requestIds: new Map() };
    channel.arrived.each((bytes) => stream.unread.push(bytes));
    this.#streams.set(call, stream);
    if (client !== null) await channel.opened;
  }

  /** The client cancels; by then the recording has spoken for all that it got. */
  async #leave({ call, client }: Recorded): Promise<void> {
    const { channel, isControl, unread } = this.#stream(call);
    expect(unread.map((bytes) => Message.decode(bytes))).toEqual([]);
    await channel.cancel();
    if (!isControl) await this.#gone(client ?? "");
  }

  async #hear(record: Recorded, correction: Correction): Promise<void> {
    const answer = this.#answers.get(record.call);
    if (answer !== undefined) expectAnswer(await answer, record, correction);
    else if (record.event === "end")
      expectStatus(await this.#stream(record.call).channel.ended, record, correction);
    else await this.#arrival(record, correction);
  }

  async #hearMore(record: Recorded, { failsAfter, arrivesAfter }: Correction): Promise<void> {
    if (arrivesAfter !== undefined) await this.#arrival(record, { call: arrivesAfter });
    if (failsAfter === undefined) return;
    const { call, requestId, error } = failsAfter;
    const value = { requestId, payload: undefined, error: "", metadata: {} };
    await this.#take(call, isLike({ $case: "response", value }, error));
  }

  /** Waits for the message of a record. */
  async #arrival(record: Recorded, { call = record.call, error }: Correction): Promise<void> {
    const { isControl, requestIds } = this.#stream(call);
    if (isControl) {
      const wanted = ControlMessage.decode(record.base64);
      await this.#take(call, (bytes) => isDeepStrictEqual(ControlMessage.decode(bytes), wanted));
      return;
    }
    const wanted = Message.decode(record.base64).message;
    if (wanted === undefined) throw new Error(`record ${record.seq} holds nothing`);
    const arrived = Message.decode(await this.#take(call, isLike(wanted, error))).message;
    if (wanted.$case !== "request" || arrived?.$case !== "request") return;
    const ids = requestIds.get(wanted.value.requestId) ?? [];
    requestIds.set(wanted.value.requestId, [...ids, arrived.value.requestId]);
  }

  /** Waits for a message that is wanted, and takes it out of the unread. */
  async #take(call: number, isWanted: (bytes: Buffer) => boolean): Promise<Buffer> {
    const stream = this.#stream(call);
    const find = (): Buffer | undefined => stream.unread.find(isWanted);
    const what = (): string => `a message on call ${call} of ${this.#recording.scenario}`;
    await until(() => find() !== undefined, what());
    const found = find() as Buffer;
    stream.unread = stream.unread.filter((bytes) => bytes !== found);
    return found;
  }

  #stream(call: number): Stream {
    const stream = this.#streams.get(call);
    if (stream === undefined) throw new Error(`call ${call} is no open stream`);
    return stream;
  }
}

/** What a client writes: its responses name the requests as this host did. */
function wordsOf({ base64 }: Recorded, { isControl, requestIds }: Stream): Uint8Array {
  if (isControl) return base64;
  const { message } = Message.decode(base64);
  if (message?.$case !== "response") return base64;
  const [requestId = "", ...later] = requestIds.get(message.value.requestId) ?? [];
  requestIds.set(message.value.requestId, later);
  const value = { ...message.value, requestId };
  return Message.encode({ message: { $case: "response", value } }).finish();
}

/** Whether a message is the wanted one. The ids of requests are the host's own; `error` is a text that may vary. */
function isLike(wanted: Value, error: RegExp | undefined): (bytes: Buffer) => boolean {
  return (bytes) => {
    const { message } = Message.decode(bytes);
    if (message?.$case === "request" && wanted.$case === "request") {
      return isDeepStrictEqual(
        { ...message.value, requestId: wanted.value.requestId },
        wanted.value,
      );
    }
    if (message?.$case !== "response" || wanted.$case !== "response" || error === undefined)
      return isDeepStrictEqual(message, wanted);
    const isError = error.test(message.value.error);
    return isError && isDeepStrictEqual({ ...message.value, error: "" }, wanted.value);
  };
}

function expectAnswer(
  answer: Buffer | AutogenStatus,
  record: Recorded,
  correction: Correction,
): void {
  const status = Buffer.isBuffer(answer) ? { code: STATUS.OK, details: "" } : answer;
  expectStatus(status, record, correction);
  if (record.event !== "message" || !Buffer.isBuffer(answer)) return;
  // Of the four answers only one has fields.
  const [given, wanted] = [answer, record.base64].map((bytes) =>
    GetSubscriptionsResponse.decode(bytes),
  );
  expect(given).toEqual(wanted);
}

function expectStatus(given: AutogenStatus, record: Recorded, correction: Correction): void {
  const { status } = correction;
  if (status === undefined) expect(given).toEqual(record.status);
  else
    expect(given).toEqual({
      code: status.code,
      details: expect.stringMatching(status.details),
    });
}
