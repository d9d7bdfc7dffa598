/**
 * Puts faults in the way of what comes to one runtime. The mesh sees a worker that is slow, or that answers for what did
 * not arrive; the runtime sees a mesh that is.
 *
 * O1. What goes to one agent keeps its order, delays or not.
 * O2. Every delivery that is kept from the runtime is answered here: an event at once, as handled; a request when the
 *     mesh takes it back.
 * O3. Nothing is handed to the runtime from within a call of it.
 */
import { type Clock, type ErrorCode, failure, type Timer } from "@agentmesh/proto";
import {
  type DeliverFrame,
  decodeContent,
  type EventFrame,
  type ResultFrame,
  type SendFrame,
  type TurnEndFrame,
} from "@agentmesh/proto/wire";
import type { Downlink, Renewal, Uplink } from "../connection/mesh-port.ts";
import { failed, turnEnd } from "../runtime/turn-ending.ts";
import type { FaultKind } from "./entry.ts";
import type { Fault, Faults, InTransit, Leg } from "./faults.ts";
import { DownlinkPassage, UplinkPassage } from "./passage.ts";
import { type Arrival, arrivalsOf, type Message, Traffic } from "./traffic.ts";

/** What obstacles need from who puts them up. */
export interface ObstacleParts {
  readonly clock: Clock;
  readonly faults: Faults;
  /** A fault was put in the way of a message. */
  onFault(fault: FaultKind, message: Message): void;
  /** The connection of the runtime must break. */
  onCut(): void;
}

/** Something for one agent that waits, with what follows it. */
interface Held {
  readonly arrival: Arrival;
  readonly pass: () => void;
  readonly untilMs: number;
}

export class Obstacles {
  readonly #parts: ObstacleParts;
  /** What was sent, so that replies can be told apart. */
  readonly #traffic = new Traffic();
  /** What waits, by the agent that it is for and in its order. */
  readonly #held = new Map<string, Held[]>();
  /** Requests that were dropped, by delivery. */
  readonly #dropped = new Map<number, Arrival>();
  /** Events that come once more when their turn is over, by delivery. */
  readonly #again = new Map<number, () => void>();
  readonly #timers = new Set<Timer>();
  #mesh: Uplink | undefined;

  constructor(parts: ObstacleParts) {
    this.#parts = parts;
  }

  downlink(runtime: Downlink): Downlink {
    return new ObstructedDownlink(runtime, this);
  }

  uplink(mesh: Uplink): Uplink {
    this.#mesh = mesh;
    return new ObstructedUplink(mesh, this);
  }

  sent(frame: SendFrame): void {
    this.#traffic.sent(frame);
  }

  /** A request has come. */
  deliver(frame: DeliverFrame, pass: (frame: DeliverFrame) => void): void {
    for (const arrival of arrivalsOf(frame)) {
      const fault = this.#decide("request", arrival);
      if (fault?.kind === "drop") this.#dropped.set(arrival.delivery, arrival);
      else this.#admit(arrival, fault, () => pass(frame));
    }
  }

  /** An event has come, for one or more agents. */
  event(frame: EventFrame, pass: (frame: EventFrame) => void): void {
    const passing: EventFrame["targets"][number][] = [];
    for (const [index, arrival] of arrivalsOf(frame).entries()) {
      const target = frame.targets[index];
      if (target === undefined) continue;
      const fault = this.#decide("event", arrival);
      const alone = { ...frame, targets: [target] };
      // Before it passes: its turn may be over at once.
      if (fault?.kind === "duplicate") {
        const again = { ...alone, targets: [{ ...target, attempt: target.attempt + 1 }] };
        this.#again.set(arrival.delivery, () => pass(again));
      }
      if (fault === undefined && !this.#held.has(arrival.to.text)) passing.push(target);
      else if (fault?.kind === "drop") this.#mesh?.done(arrival.activation, arrival.delivery);
      else this.#admit(arrival, fault, () => pass(alone));
    }
    if (passing.length > 0) pass({ ...frame, targets: passing });
  }

  /** A reply has come. */
  result(frame: ResultFrame, pass: () => void): void {
    const message = this.#traffic.settled(frame.request);
    const fault = message === undefined ? undefined : this.#decide("reply", message);
    if (fault?.kind === "drop") return;
    if (fault?.kind === "delay") this.#later(fault.delayMs, pass);
    else pass();
    if (fault?.kind === "cut") this.#parts.onCut();
  }

  /** The mesh takes a delivery back. @returns whether the runtime has nothing to do with it. */
  takeBack(delivery: number, reason: ErrorCode): boolean {
    const arrival = this.#dropped.get(delivery) ?? this.#unhold(delivery);
    if (arrival === undefined) return false;
    this.#dropped.delete(delivery);
    const refusal = failure(reason, undefined, { outcome: "not-executed", retryable: true });
    this.#mesh?.turnEnd(turnEnd(arrival, failed(refusal), false));
    return true;
  }

  /** A turn is over. @returns whether the mesh is not to know, because the event comes once more. */
  turnOver(delivery: number): boolean {
    const again = this.#again.get(delivery);
    if (again === undefined) return false;
    this.#again.delete(delivery);
    this.#later(0, again);
    return true;
  }

  /** The session is gone, and everything that was on its way with it. */
  reset(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#held.clear();
    this.#dropped.clear();
    this.#again.clear();
  }

  #decide(leg: Leg, message: Message): Fault | undefined {
    if (this.#parts.faults.isEmpty) return undefined;
    const { content, from, to, topic } = message;
    const { messageType } = decodeContent(content);
    const ends = leg === "reply" ? { from: to, to: from } : { from, to };
    const transit: InTransit = { leg, messageType, ...ends, topic };
    const fault = this.#parts.faults.decide(transit);
    if (fault !== undefined) this.#parts.onFault(fault.kind, message);
    return fault;
  }

  /** Lets something through to its agent, now or behind what waits there. */
  #admit(arrival: Arrival, fault: Fault | undefined, pass: () => void): void {
    const agent = arrival.to.text;
    const delayMs = fault?.kind === "delay" ? fault.delayMs : 0;
    const line = this.#held.get(agent);
    if (line === undefined && delayMs === 0) pass();
    else {
      const untilMs = this.#parts.clock.now() + delayMs;
      const waiting = line ?? [];
      waiting.push({ arrival, pass, untilMs });
      this.#held.set(agent, waiting);
      this.#later(delayMs, () => this.#passOn(agent));
    }
    if (fault?.kind === "cut") this.#parts.onCut();
  }

  /** Lets everything through that has waited long enough, up to the first that has not. */
  #passOn(agent: string): void {
    const line = this.#held.get(agent);
    if (line === undefined) return;
    const now = this.#parts.clock.now();
    while (line[0] !== undefined && line[0].untilMs <= now) line.shift()?.pass();
    if (line.length === 0) this.#held.delete(agent);
  }

  #unhold(delivery: number): Arrival | undefined {
    for (const line of this.#held.values()) {
      const index = line.findIndex(({ arrival }) => arrival.delivery === delivery);
      if (index >= 0) return line.splice(index, 1)[0]?.arrival;
    }
    return undefined;
  }

  #later(delayMs: number, run: () => void): void {
    if (delayMs === 0) {
      setImmediate(run);
      return;
    }
    const timer = this.#parts.clock.after(delayMs, () => {
      this.#timers.delete(timer);
      run();
    });
    this.#timers.add(timer);
  }
}

class ObstructedUplink extends UplinkPassage {
  readonly #obstacles: Obstacles;

  constructor(mesh: Uplink, obstacles: Obstacles) {
    super(mesh);
    this.#obstacles = obstacles;
  }

  override send(frame: SendFrame): number {
    this.#obstacles.sent(frame);
    return super.send(frame);
  }

  override turnEnd(frame: TurnEndFrame): void {
    if (!this.#obstacles.turnOver(frame.delivery)) super.turnEnd(frame);
  }

  override done(activation: number, delivery: number): void {
    if (!this.#obstacles.turnOver(delivery)) super.done(activation, delivery);
  }

  override close(): Promise<void> {
    this.#obstacles.reset();
    return super.close();
  }
}

class ObstructedDownlink extends DownlinkPassage {
  readonly #obstacles: Obstacles;

  constructor(runtime: Downlink, obstacles: Obstacles) {
    super(runtime);
    this.#obstacles = obstacles;
  }

  override deliver(frame: DeliverFrame): void {
    this.#obstacles.deliver(frame, (passing) => super.deliver(passing));
  }

  override event(frame: EventFrame): void {
    this.#obstacles.event(frame, (passing) => super.event(passing));
  }

  override result(frame: ResultFrame): void {
    this.#obstacles.result(frame, () => super.result(frame));
  }

  override cancelDelivery(delivery: number, reason: ErrorCode): void {
    if (!this.#obstacles.takeBack(delivery, reason)) super.cancelDelivery(delivery, reason);
  }

  override renewed(start: Renewal): void {
    this.#obstacles.reset();
    super.renewed(start);
  }
}
