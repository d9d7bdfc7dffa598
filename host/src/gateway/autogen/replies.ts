/** The answers to the requests of one client of AutoGen, under the ids that it gave them. */
import type { RpcResponse } from "@agentmesh/proto/agents";
import { decodeContent, type Ending } from "@agentmesh/proto/wire";
import type { CallerSink } from "../../router/caller.ts";
import { errorText } from "./errors.ts";
import { NO_EVENTS, type Outbox } from "./outbox.ts";
import { EMPTY_PAYLOAD, writeReply } from "./payload-codec.ts";

export class Replies implements CallerSink {
  readonly #outbox: Outbox;
  /** Ids of the unsettled requests, as the client knows them, by their numbers. */
  readonly #requests = new Map<number, string>();
  #lastRequest = 0;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** A number for the request that the client gave this id; two may have the same. */
  numberFor(requestId: string): number {
    this.#lastRequest++;
    this.#requests.set(this.#lastRequest, requestId);
    return this.#lastRequest;
  }

  result(request: number, ending: Ending): void {
    const requestId = this.#requests.get(request) ?? "";
    this.#requests.delete(request);
    const value = responseOf(requestId, ending);
    const refusal = this.#outbox.send({ $case: "response", value }, NO_EVENTS);
    if (refusal === undefined) return;
    const failed = responseOf(requestId, { kind: "failed", failure: refusal });
    this.#outbox.send({ $case: "response", value: failed }, NO_EVENTS);
  }

  chunk(): void {
    // These workers ask for one reply.
  }
}

function responseOf(requestId: string, ending: Ending): RpcResponse {
  switch (ending.kind) {
    case "failed":
      return { requestId, payload: undefined, error: errorText(ending.failure), metadata: {} };
    case "done":
      return { requestId, payload: EMPTY_PAYLOAD, error: "", metadata: {} };
    case "reply":
      return { requestId, error: "", ...writeReply(decodeContent(ending.content)) };
  }
}
