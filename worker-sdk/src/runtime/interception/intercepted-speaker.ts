import { type AgentId, DEFAULTS, type TopicId } from "@agentmesh/proto";
import type { PublishOptions, SendOptions, StreamOptions } from "../../agent/context.ts";
import { ElementStream, type StreamReader } from "../../connection/stream-reader.ts";
import type { OutgoingMessage, Speaker } from "../messaging.ts";
import { boundsOf, type WaitOptions } from "../patience.ts";
import { isThenable } from "../thenable.ts";
import type { TurnContext } from "../turn-context.ts";
import { released } from "./holding.ts";
import { droppedError, type Interception, type Passed } from "./interception.ts";
import { Dropped, type OutgoingEvent, type OutgoingSend } from "./interceptor.ts";

const NO_METADATA: Readonly<Record<string, string>> = Object.freeze({});

/** The turn in which an agent speaks. */
type OwnTurn = Pick<TurnContext, "self" | "timeLeftMs">;

/**
 * Lets the interceptors have what is said before a speaker says it. As long as their hooks answer at once nothing waits,
 * so that messages leave in the order in which they were sent.
 */
export class InterceptedSpeaker implements Speaker {
  readonly #speaker: Speaker;
  readonly #turn: OwnTurn | undefined;
  readonly #interception: Interception;

  /** `turn` is undefined outside of any agent. */
  constructor(speaker: Speaker, turn: OwnTurn | undefined, interception: Interception) {
    this.#speaker = speaker;
    this.#turn = turn;
    this.#interception = interception;
  }

  async ask(target: AgentId, message: OutgoingMessage, options: SendOptions): Promise<unknown> {
    const passed = this.#send(target, message, options);
    if (!isThenable(passed)) return this.#ask(goesOn(passed, message), options);
    const { subject, left } = await this.#released(
      passed,
      message,
      options,
      this.#turn?.timeLeftMs,
    );
    return this.#ask(subject, left);
  }

  askStream(
    target: AgentId,
    message: OutgoingMessage,
    options: StreamOptions,
  ): ElementStream<unknown> {
    return new ElementStream((reader) => this.#replies(reader, target, message, options));
  }

  async *#replies(
    reader: StreamReader,
    target: AgentId,
    message: OutgoingMessage,
    options: StreamOptions,
  ): AsyncGenerator<unknown, void, undefined> {
    const passed = this.#send(target, message, options);
    // The deadline of a stream is one between its elements: what the hooks took is not taken off.
    const send = isThenable(passed)
      ? (await this.#released(passed, message, options)).subject
      : goesOn(passed, message);
    const enclosed = { ...options, metadata: send.metadata };
    if (reader.hasLeft) return;
    const replies = this.#speaker.askStream(send.target, messageOf(send), enclosed);
    reader.onLeave = () => void replies.return();
    yield* replies;
  }

  async tell(topic: TopicId, message: OutgoingMessage, options: PublishOptions): Promise<void> {
    const passed = this.#interception.publish({
      kind: "event",
      sender: this.#turn?.self,
      topic,
      type: message.type,
      body: message.input,
      metadata: options.metadata ?? NO_METADATA,
    });
    if (!isThenable(passed)) return this.#tell(goesOn(passed, message), options);
    const { subject, left } = await this.#released(passed, message, options);
    return this.#tell(subject, left);
  }

  #send(target: AgentId, message: OutgoingMessage, options: SendOptions): Passed<OutgoingSend> {
    return this.#interception.send({
      kind: "send",
      sender: this.#turn?.self,
      target,
      type: message.type,
      body: message.input,
      metadata: options.metadata ?? NO_METADATA,
    });
  }

  #ask(send: OutgoingSend, options: SendOptions): Promise<unknown> {
    return this.#speaker.ask(send.target, messageOf(send), { ...options, metadata: send.metadata });
  }

  #tell(event: OutgoingEvent, options: PublishOptions): Promise<void> {
    const enclosed = { ...options, metadata: event.metadata };
    return this.#speaker.tell(event.topic, messageOf(event), enclosed);
  }

  /**
   * Waits for the hooks, for `mostMs` at most. Of the time that a message was given, `left` has what they did not take.
   */
  async #released<Subject, Options extends WaitOptions>(
    passing: PromiseLike<Subject | Dropped>,
    message: OutgoingMessage,
    options: Options,
    mostMs = Number.POSITIVE_INFINITY,
  ): Promise<{ readonly subject: Subject; readonly left: Options }> {
    const { clock } = this.#interception;
    const bounds = boundsOf(options, DEFAULTS.timeoutMs);
    const since = clock.now();
    const held = { ...bounds, timeoutMs: Math.min(bounds.timeoutMs, mostMs) };
    const subject = goesOn(await released(passing, clock, held), message);
    if (!bounds.isTold) return { subject, left: options };
    const timeoutMs = Math.max(1, bounds.timeoutMs - (clock.now() - since));
    return { subject, left: { ...options, timeoutMs } };
  }
}

/** @throws MeshError `MESSAGE_DROPPED`. */
function goesOn<Subject>(passed: Subject | Dropped, { type }: OutgoingMessage): Subject {
  if (passed instanceof Dropped) throw droppedError(passed, type.messageName);
  return passed;
}

function messageOf({ type, body }: OutgoingSend | OutgoingEvent): OutgoingMessage {
  return { type, input: body };
}
