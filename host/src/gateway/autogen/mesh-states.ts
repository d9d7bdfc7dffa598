/**
 * Asks agents of the mesh about their state, for a client that does so on its control channel. The question is a message
 * that such an agent handles or not, and its reply is the answer: nobody reads or writes the state of an agent that does
 * not want it.
 */
import { AgentId, failure } from "@agentmesh/proto";
import { decodeContent, type Ending, encodeContent } from "@agentmesh/proto/wire";
import type { Namespace } from "../../delivery/namespace.ts";
import { Caller, type CallerSink } from "../../router/caller.ts";
import type { Router } from "../../router/router.ts";
import { errorText } from "./errors.ts";
import { messageTypeOf, typeUrlOf } from "./media.ts";
import { answerTo, contentOf, type Question, refuse } from "./state-questions.ts";

export class MeshStates implements CallerSink {
  readonly #router: Router;
  readonly #caller: Caller;
  /** Questions that are under way, by their numbers. */
  readonly #questions = new Map<number, Question>();
  #lastNumber = 0;

  constructor(router: Router, namespace: Namespace) {
    this.#router = router;
    this.#caller = new Caller(namespace, this, undefined);
  }

  /** Asks an agent. */
  ask(type: string, key: string, question: Question): void {
    const number = ++this.#lastNumber;
    this.#questions.set(number, question);
    if (key === "") {
      this.#caller.refuse(number, failure("INVALID_ARGUMENT", "the key of the agent is empty"));
      return;
    }
    const { typeUrl = "", value: data = Buffer.alloc(0) } = question.message.rpcMessage ?? {};
    this.#router.send(this.#caller, {
      kind: "send",
      request: number,
      target: new AgentId(type, key),
      timeoutMs: 0,
      content: encodeContent(contentOf(messageTypeOf(typeUrl), data)),
      activation: 0,
      parent: 0,
      streamChunks: 0,
      streamBytes: 0,
    });
  }

  /** Nobody waits for the answers any more. */
  close(): void {
    this.#questions.clear();
    this.#router.callerGone(this.#caller);
  }

  result(request: number, ending: Ending): void {
    const question = this.#questions.get(request);
    this.#questions.delete(request);
    if (question === undefined) return;
    const asked = messageTypeOf(question.message.rpcMessage?.typeUrl ?? "");
    const wanted = answerTo(asked) ?? "";
    if (ending.kind === "failed") refuse(question, errorText(ending.failure));
    else if (ending.kind === "done")
      question.answer({ typeUrl: typeUrlOf(wanted), value: NOTHING });
    else {
      const { messageType, data } = decodeContent(ending.content);
      if (messageType !== wanted) refuse(question, `the agent answered with ${messageType}`);
      else question.answer({ typeUrl: typeUrlOf(wanted), value: Buffer.from(data) });
    }
  }

  chunk(): void {
    // One answer is asked for.
  }
}

const NOTHING = Buffer.alloc(0);
