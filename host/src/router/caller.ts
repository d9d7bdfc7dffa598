import type { Failure } from "@agentmesh/proto";
import { NumberMap } from "@agentmesh/proto/link";
import type { ContentBytes, Ending } from "@agentmesh/proto/wire";
import type { CallDelivery } from "../delivery/delivery.ts";
import type { Namespace } from "../delivery/namespace.ts";
import type { Worker } from "../delivery/worker.ts";

/** How results leave for a caller. Implemented by the gateway's sessions and unary calls. */
export interface CallerSink {
  /** Settles a send. */
  result(request: number, ending: Ending): void;
  /** One element of a stream of replies. */
  chunk(request: number, content: ContentBytes): void;
}

/** One who sends: a worker's session or a client's call. */
export class Caller {
  readonly namespace: Namespace;
  readonly sink: CallerSink;
  /** The worker of the same session; undefined for a client. Its activations are whom the caller may speak for. */
  readonly worker: Worker | undefined;
  /** Unsettled sends by request number. */
  readonly pending = new NumberMap<CallDelivery>();
  /** Unsettled sends without ancestors. */
  unsettledRoots = 0;
  /** Bytes of their content. */
  unsettledBytes = 0;

  constructor(namespace: Namespace, sink: CallerSink, worker: Worker | undefined) {
    this.namespace = namespace;
    this.sink = sink;
    this.worker = worker;
  }

  /** Tells a caller at once that its send failed. */
  refuse(request: number, failure: Failure): void {
    this.sink.result(request, { kind: "failed", failure });
  }
}

/** Who made a call. */
export function callerOf(call: CallDelivery): Caller {
  return call.caller as Caller;
}
