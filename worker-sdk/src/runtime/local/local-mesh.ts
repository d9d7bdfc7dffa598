/**
 * The mesh of a single process: takes the frames of one runtime and hands them back to it as a host would.
 *
 * M1. Nothing is delivered from within a call of the runtime: frames wait in `#queue` for the next turn of the event
 *     loop, and are taken in the order in which they were sent.
 * M2. `#deliveries` holds what was handed to an agent and is not answered.
 * M3. An agent has one activation at a time; numbers only grow.
 */
import {
  AgentId,
  type Clock,
  DEFAULTS,
  ERROR_TABLE,
  errorCodeOf,
  type Failure,
  failure,
} from "@agentmesh/proto";
import { Fifo } from "@agentmesh/proto/link";
import {
  decodeContent,
  type DoneFrame,
  type Ending,
  type PublishFrame,
  type ReplyChunkFrame,
  type SendFrame,
  type StreamCreditFrame,
  type TurnEndFrame,
} from "@agentmesh/proto/wire";
import type { AnnouncedSubscription, AnnouncedType, Downlink, Uplink } from "../mesh-port.ts";
import { DeadLetters } from "./dead-letters.ts";
import { type LocalAgent, type LocalDelivery, reenteredRequest } from "./local-delivery.ts";

type LocalFrame =
  | SendFrame
  | PublishFrame
  | TurnEndFrame
  | DoneFrame
  | ReplyChunkFrame
  | StreamCreditFrame
  | { readonly kind: "cancel"; readonly request: number }
  | { readonly kind: "idle"; readonly activations: readonly number[] }
  | { readonly kind: "release"; readonly deliveries: readonly number[] };

const HANDLED: Ending = { kind: "done" };

export class LocalMesh implements Uplink {
  readonly deadLetters = new DeadLetters();
  readonly #clock: Clock;
  readonly #downlink: Downlink;
  readonly #types = new Set<string>();
  readonly #subscriptions = new Map<string, AnnouncedSubscription>();
  readonly #agents = new Map<string, LocalAgent>();
  readonly #agentsByNumber = new Map<number, LocalAgent>();
  readonly #deliveries = new Map<number, LocalDelivery>();
  /** Deliveries of sends that are not settled, by request. */
  readonly #calls = new Map<number, LocalDelivery>();
  readonly #queue = new Fifo<LocalFrame>();
  #isScheduled = false;
  #isClosed = false;
  #lastActivation: number;
  #lastDelivery = 0;
  #lastId = 0;
  #place = 0;
  #idleWaiters: (() => void)[] = [];

  constructor(clock: Clock, downlink: Downlink) {
    this.#clock = clock;
    this.#downlink = downlink;
    this.#lastActivation = clock.unixMs() * 1024;
  }

  /** Resolves when nothing is queued, waits or runs. */
  idle(): Promise<void>;
  idle(activations: readonly number[]): void;
  idle(activations?: readonly number[]): Promise<void> | undefined {
    return activations === undefined ? undefined : undefined;
  }
}
