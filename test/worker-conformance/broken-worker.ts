/**
 * A worker as somebody might write it who has not read the manual, so that a test can show what the runner finds. Each
 * fault names the requirement that it breaks; whatever is not named is right.
 */
import { randomUUID } from "node:crypto";
import { ParcelFields, UnpackFields } from "@agentmesh/examples/courier";
import {
  type DeliverFrame,
  decodeContent,
  type EventTarget,
  type HostControl,
  type HostFrame,
  readHostBatch,
  type WorkerFrame,
} from "@agentmesh/proto/wire";
import { encodeBatch } from "../support/batches.ts";
import {
  agentType,
  control,
  fail,
  hello,
  publish,
  send,
  subscription,
  turnEnd,
} from "../support/frames.ts";
import { RawStream } from "../support/raw-stream.ts";
import { contentOf } from "./host-words.ts";

const TYPE = "broken-courier";
const ADDRESS = process.env.AGENTMESH_ADDRESS ?? "127.0.0.1:50051";
const NO_SCHEMA = { schemaType: "", schema: Buffer.alloc(0), replyType: "", replyStream: false };

type Job = DeliverFrame | EventTarget;

class BrokenSession {
  readonly #stream: RawStream;
  readonly #waiting: ((parcel: ParcelFields) => void)[] = [];
  #sequence = 0;

  constructor(onEnd: () => void) {
    this.#stream = new RawStream(ADDRESS, { onBatch: (bytes) => this.#take(bytes), onEnd });
    const handles = ["courier.v1.Parcel", "courier.v1.Unpack"];
    const schemas = handles.map((messageType) => ({ ...NO_SCHEMA, messageType }));
    // W2: another identity in every session.
    const greeting = hello({
      resume: false,
      instanceId: randomUUID(),
      agentTypes: [agentType(TYPE, { handles: schemas })],
      subscriptions: [subscription("posted", "posted", TYPE)],
    });
    this.#say(control({ $case: "hello", value: greeting }));
  }

  #say(frame: WorkerFrame): void {
    this.#stream.write(encodeBatch([frame], 0, 0));
  }

  #take(bytes: Buffer): void {
    for (const frame of readHostBatch(bytes).frames) this.#obey(frame);
  }

  // W20, W26: nobody looks at a CancelDelivery.
  #obey(frame: HostFrame): void {
    if (frame.kind === "deliver") void this.#answer(frame);
    else if (frame.kind === "event")
      for (const target of frame.targets) this.#handle(target, frame.content);
    // W23: a failed result leaves the turn waiting.
    else if (frame.kind === "result" && frame.ending.kind === "reply")
      this.#waiting.shift()?.(ParcelFields.decode(decodeContent(frame.ending.content).data));
    else if (frame.kind === "control") this.#obeyControl(frame.control);
  }

  #obeyControl({ $case, value }: HostControl): void {
    // W29: a nonce of its own.
    if ($case === "ping") this.#say(control({ $case: "pong", value: { nonce: value.nonce + 1 } }));
  }

  // W18: every delivery begins at once, whatever its agent does.
  async #answer(job: DeliverFrame): Promise<void> {
    const { messageType, data } = decodeContent(job.content);
    try {
      if (messageType === "courier.v1.Unpack") this.#unpack(job, UnpackFields.decode(data).pieces);
      else if (messageType === "courier.v1.Parcel")
        this.#end(job, await this.#carry(job, ParcelFields.decode(data)));
      // W15: what is unknown counts as handled.
      else this.#say(turnEnd(job));
    } catch {
      // W16: a message that cannot be decoded looks like a handler that failed.
      this.#say(fail(job, "HANDLER_FAILED"));
    }
  }

  #handle(job: EventTarget, content: Uint8Array): void {
    // W28: the sequence begins anew with every session.
    this.#sequence += 1;
    this.#say(publish(this.#sequence, `delivered/${job.agent.key}`, "", { content }));
    this.#say(turnEnd(job));
  }

  #carry(job: DeliverFrame, parcel: ParcelFields): Promise<ParcelFields> | ParcelFields {
    const stamp = { agent: job.target.text, weightGrams: parcel.weightGrams };
    const stamped = { ...parcel, stamps: [...parcel.stamps, stamp] };
    const [next, ...route] = stamped.route;
    if (next === undefined) return stamped;
    const { activation, delivery } = job;
    const content = packed({ ...stamped, route });
    // W22: every send has the same number.
    this.#say(send(1, `${next}/x`, "", { activation, parent: delivery, content }));
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #unpack({ delivery, activation, ...job }: DeliverFrame, pieces: number): void {
    // W24: nobody asks for credit.
    for (let number = 1; number <= pieces; number++) {
      const content = packed({ ...ParcelFields.decode(new Uint8Array()), number });
      this.#say({ kind: "reply-chunk", delivery, activation, content });
    }
    this.#say(turnEnd({ ...job, delivery, activation }));
  }

  #end(job: Job, parcel: ParcelFields): void {
    const end = turnEnd(job, { ending: { kind: "reply", content: packed(parcel) } });
    this.#say(end);
    // W14: better twice than never.
    this.#say(end);
  }
}

function packed(parcel: ParcelFields): Uint8Array {
  return contentOf({
    messageType: "courier.v1.Parcel",
    data: ParcelFields.encode(parcel).finish(),
  });
}

function connect(): void {
  new BrokenSession(connect);
}

connect();
