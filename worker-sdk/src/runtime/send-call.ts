import { MeshError } from "@agentmesh/proto";
import type { Ending } from "@agentmesh/proto/wire";
import type { ReplyType } from "../messages/message-type.ts";
import { Call, type CallInit } from "./call.ts";
import { decodeReply, wrongReply } from "./outgoing.ts";

/** A send that is answered by one reply or by nothing. */
export class SendCall extends Call {
  readonly #asked: string;
  readonly #reply: ReplyType;
  readonly #resolve: (reply: unknown) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    init: CallInit,
    type: { readonly messageName: string; readonly reply: ReplyType },
    resolve: (reply: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    super(init);
    this.#asked = type.messageName;
    this.#reply = type.reply;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  settle(ending: Ending, cause?: unknown): void {
    if (ending.kind === "failed") {
      this.#reject(new MeshError(ending.failure, cause === undefined ? undefined : { cause }));
      return;
    }
    try {
      this.#resolve(this.#answer(ending));
    } catch (error) {
      this.#reject(error);
    }
  }

  chunk(): void {
    // A stream was not asked for: the result that follows says how it ended.
  }

  /** Whoever gets it later than at first has what is left of its time. */
  override leave(): void {
    const left = this.registry.leftMs(this);
    if (left !== undefined) this.timeoutMs = Math.max(1, Math.ceil(left));
    super.leave();
  }

  #answer(ending: Exclude<Ending, { kind: "failed" }>): unknown {
    const reply = this.#reply;
    if (reply.kind !== "one") return undefined;
    if (ending.kind === "reply") return decodeReply(this.#asked, reply.type, ending.content);
    throw wrongReply(
      `${this.#asked} was answered with nothing; expected ${reply.type.messageName}`,
    );
  }
}
