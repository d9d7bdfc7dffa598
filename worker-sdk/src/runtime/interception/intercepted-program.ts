import { handlerFailure } from "@agentmesh/proto";
import { DONE } from "@agentmesh/proto/wire";
import type { AgentProgram, ProgramHandler } from "../agent-program.ts";
import { isAsyncIterable, notIterable } from "../reply-writer.ts";
import { isThenable } from "../thenable.ts";
import type { TurnContext } from "../turn-context.ts";
import { EarlyEnd, failed } from "../turn-ending.ts";
import { InterceptedSpeaker } from "./intercepted-speaker.ts";
import { droppedFailure, type Interception, type Passed } from "./interception.ts";
import { Dropped, type OutgoingReply, type ReceivedMessage } from "./interceptor.ts";

/** An agent type whose messages pass through the interceptors: what it receives, replies, sends and publishes. */
export function interceptedProgram(
  program: AgentProgram,
  interception: Interception,
): AgentProgram {
  const handlers = new Map<string, ProgramHandler>();
  for (const [name, handler] of program.handlers) {
    handlers.set(name, new InterceptedHandler(handler, interception));
  }
  const { unknown } = program;
  if (typeof unknown === "string") return { ...program, handlers };
  return { ...program, handlers, unknown: new InterceptedHandler(unknown, interception) };
}

/** A handler between the hooks `receive` and `reply`. */
class InterceptedHandler implements ProgramHandler {
  readonly message: ProgramHandler["message"];
  readonly #handler: ProgramHandler;
  readonly #interception: Interception;

  constructor(handler: ProgramHandler, interception: Interception) {
    this.message = handler.message;
    this.#handler = handler;
    this.#interception = interception;
  }

  handle(message: unknown, context: TurnContext): unknown {
    context.speakThrough((speaker) => new InterceptedSpeaker(speaker, context, this.#interception));
    if (this.message.reply.kind === "stream") return this.#stream(message, context);
    const passed = this.#receive(message, context);
    if (!isThenable(passed)) return this.#answer(this.#goesOn(passed, context), context);
    return passed.then((received) => this.#answer(this.#goesOnLater(received, context), context));
  }

  #answer({ body }: ReceivedMessage, context: TurnContext): unknown {
    const { reply } = this.message;
    const returned = this.#handler.handle(body, context);
    // Nobody is told what the handler of an event returns.
    if (reply.kind === "none" || context.kind === "event") return returned;
    const type: OutgoingReply["type"] = reply.kind === "raw" ? this.message : reply.type;
    return andThen(returned, (value) => {
      if (reply.kind === "raw" && value === undefined) return value;
      return andThen(this.#reply("reply", type, value, context), (passed) => {
        if (!(passed instanceof Dropped)) return passed.body;
        const executed = { outcome: "executed" } as const;
        throw new EarlyEnd(failed(droppedFailure(passed, type.messageName, executed)));
      });
    });
  }

  async *#stream(message: unknown, context: TurnContext): AsyncGenerator<unknown, void, undefined> {
    const { reply } = this.message;
    const { body } = this.#goesOnLater(await this.#receive(message, context), context);
    const returned = this.#handler.handle(body, context);
    if (reply.kind !== "stream" || !isAsyncIterable(returned)) throw notIterable();
    for await (const value of returned) {
      if (context.kind === "event") continue;
      const passed = await this.#reply("chunk", reply.type, value, context);
      if (!(passed instanceof Dropped)) yield passed.body;
    }
  }

  #receive(body: unknown, context: TurnContext): Passed<ReceivedMessage> {
    const { self, sender, topic, messageId, attempt, metadata } = context;
    const type: ReceivedMessage["type"] = this.message;
    const seen = { receiver: self, sender, topic, messageId, attempt, metadata, type, body };
    try {
      const passed = this.#interception.receive({ kind: "received", ...seen });
      return isThenable(passed) ? passed.catch(refuse) : passed;
    } catch (thrown) {
      return refuse(thrown);
    }
  }

  #reply(
    kind: OutgoingReply["kind"],
    type: OutgoingReply["type"],
    body: unknown,
    { self, sender }: TurnContext,
  ): Passed<OutgoingReply> {
    return this.#interception.reply({ kind, sender: self, receiver: sender, type, body });
  }

  #goesOn(passed: ReceivedMessage | Dropped, context: TurnContext): ReceivedMessage {
    if (passed instanceof Dropped) {
      if (context.kind === "event") throw new EarlyEnd(DONE);
      throw new EarlyEnd(failed(droppedFailure(passed, this.message.messageName)));
    }
    if (passed.metadata !== context.metadata) context.metadata = passed.metadata;
    return passed;
  }

  /** What was told to stop while hooks held it does not start. */
  #goesOnLater(passed: ReceivedMessage | Dropped, context: TurnContext): ReceivedMessage {
    context.signal.throwIfAborted();
    return this.#goesOn(passed, context);
  }
}

/** A hook threw before the handler ran. */
function refuse(thrown: unknown): never {
  throw new EarlyEnd(failed({ ...handlerFailure(thrown), outcome: "not-executed" }));
}

/** Goes on with a value, at once unless it is a promise. */
function andThen<Value, Result>(
  value: Value | PromiseLike<Value>,
  goOn: (value: Value) => Result | PromiseLike<Result>,
): Result | PromiseLike<Result> {
  return isThenable(value)
    ? Promise.resolve(value as PromiseLike<Value>).then(goOn)
    : goOn(value as Value);
}
