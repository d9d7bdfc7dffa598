/**
 * The agents that are present in this process, by activation number, and their deliveries.
 *
 * N1. Who is present is awake, in `#awake`, or rests in one of `#employed`. `workplace.turns` is authoritative for what
 *     waits or runs.
 * N2. The first delivery with a new number creates the agent. A number that has ended creates nothing.
 * N3. An agent does not begin before the last act of its earlier presence here (`onDeactivate`) is over or has taken
 *     `turnGraceMs`.
 * N4. Every delivery is answered, given back, or known to be lost.
 */
import { AgentId, type ErrorCode, type Failure, failure, type MeshError } from "@agentmesh/proto";
import type { DeliverFrame, EventFrame, EventTarget } from "@agentmesh/proto/wire";
import type { LiveActivation } from "../connection/mesh-port.ts";
import { Activation, type ActivationKeeper, type Employment, type Loaded } from "./activation.ts";
import { LastActs } from "./last-acts.ts";
import type { Rested } from "./resting.ts";
import { stopped, Turn } from "./turn.ts";
import { failed, turnEnd } from "./turn-ending.ts";
import type { Workplace } from "./workplace.ts";

/** Lanes in which a delivery has failed that are remembered. */
const MOST_BROKEN_LANES = 10_000;
/** Abandoned numbers that are remembered. */
const MOST_ABANDONED = 1_024;
const NOT_STARTED = { outcome: "not-executed", retryable: true } as const;

export class Activations implements ActivationKeeper {
  readonly workplace: Workplace;
  /** Agent types at work here, by name. Belongs to the registrations. */
  readonly #employments: ReadonlyMap<string, Employment>;
  readonly #awake = new Map<number, Activation>();
  /** The types of those who have been present. */
  readonly #employed = new Set<Employment>();
  readonly #lastActs: LastActs;
  /** Numbers that ended on this side, so that the mesh may still deliver to them. */
  readonly #abandoned = new Set<number>();
  /** States for agents that are not here yet, by id. */
  readonly #loaded = new Map<string, Loaded>();
  /** Lanes in which a delivery has failed: what comes with their numbers left the host before it knew. */
  readonly #brokenLanes = new Set<number>();
  #endedThrough = 0;
  #isClosed = false;

  constructor(workplace: Workplace, employments: ReadonlyMap<string, Employment>) {
    this.workplace = workplace;
    this.#lastActs = new LastActs(workplace);
    this.#employments = employments;
  }

  /** Agents that are present. */
  get size(): number {
    let size = this.#awake.size;
    for (const { resting } of this.#employed) size += resting.size;
    return size;
  }

  /** A send for an agent. */
  deliver(frame: DeliverFrame): void {
    const activation = this.#enter(frame, frame.target, "deliver");
    if (activation !== undefined) this.#accept(activation, frame, frame, frame.reenters);
  }

  /** An event for one or more agents. */
  event(frame: EventFrame): void {
    for (const target of frame.targets) {
      if (target.durable && this.#brokenLanes.has(target.lane)) {
        this.workplace.uplink.release([target.delivery]);
        continue;
      }
      const activation = this.#enter(target, target.agent, "event");
      if (activation !== undefined) this.#accept(activation, frame, target, 0);
    }
  }

  /** A delivery must not start any more, or its turn must stop. */
  cancel(delivery: number, reason: ErrorCode): void {
    const turn = this.workplace.turns.get(delivery);
    if (turn === undefined) return;
    if (turn.phase !== "waiting") turn.stop(stopped(reason));
    else {
      turn.refuse(failure(reason, undefined, NOT_STARTED));
      goOnWithout(turn);
    }
  }

  /** Ends activations. Who has something to do is not asked; the others act for the last time. */
  deactivate(numbers: readonly number[]): void {
    let isAnyoneBusy = false;
    for (const number of numbers) {
      const activation = this.#awake.get(number);
      if (activation === undefined) this.#endResting(number);
      else if (activation.isResting) this.#retire(activation);
      else {
        this.#remove(activation);
        isAnyoneBusy = true;
      }
    }
    if (isAnyoneBusy) this.#loseOrphans(stopped("ACTIVATION_STALE"));
  }

  /** Every activation up to `number` has ended, also those to which something is on its way. */
  dropThrough(number: number, reason: MeshError): void {
    if (number <= this.#endedThrough) return;
    this.#endedThrough = number;
    this.drop((other) => other <= number, reason);
  }

  /** Ends activations at once; nothing is told in their name any more. */
  drop(isMeant: (number: number) => boolean, reason: MeshError): void {
    for (const activation of this.#awake.values()) {
      if (isMeant(activation.number)) this.#remove(activation);
    }
    for (const { resting } of this.#employed) resting.dropAll(isMeant);
    this.#loseOrphans(reason);
  }

  /** All deliveries are lost with their session; the agents stay. */
  loseDeliveries(reason: MeshError): void {
    this.#brokenLanes.clear();
    const lost = this.workplace.turns.values();
    for (const turn of lost) this.#lose(turn, reason);
    // Not before all of them are lost: none of them may start.
    for (const turn of lost) goOnWithout(turn);
  }

  /** Tells all turns to stop. */
  stopAll(reason: MeshError): void {
    for (const turn of this.workplace.turns.values()) {
      if (turn.phase === "running") turn.stop(reason);
    }
  }

  /** Starts what may start in all lanes, after a pause. */
  proceed(): void {
    for (const turn of this.workplace.turns.values()) {
      if (turn.phase === "waiting" && turn.lane !== undefined) turn.home.proceed(turn.lane);
    }
    for (const activation of this.#awake.values()) {
      if (activation.isVisited) activation.proceed(activation);
    }
  }

  /** All who are present, woken. */
  all(): Activation[] {
    for (const employment of this.#employed) {
      for (const rested of employment.resting.takeAll()) this.#wake(employment, rested);
    }
    return [...this.#awake.values()];
  }

  /** An agent, woken; undefined when it is not present. It looks at all. */
  find(id: AgentId): Activation | undefined {
    for (const activation of this.#awake.values()) {
      if (activation.id.equals(id)) return activation;
    }
    const employment = this.#employments.get(id.type);
    const rested = employment?.resting.takeKey(id.key);
    if (employment === undefined || rested === undefined) return undefined;
    return this.#wake(employment, rested);
  }

  /** Lets an agent begin with this state, if it begins here, instead of one that it makes. The latest one counts. */
  load(id: AgentId, loaded: Loaded): void {
    this.#loaded.set(id.text, loaded);
  }

  /** Withdraws what no agent has begun with. @returns whether it was still there. */
  unload(id: AgentId, loaded: Loaded): boolean {
    return this.#loaded.get(id.text) === loaded && this.#loaded.delete(id.text);
  }

  takeLoaded(id: AgentId): Loaded | undefined {
    // The text of an id is kept with it: it is not made without need.
    if (this.#loaded.size === 0) return undefined;
    const loaded = this.#loaded.get(id.text);
    this.#loaded.delete(id.text);
    return loaded;
  }

  /** All who are present, those of late first. Who asks for a few of a million does not pay for all. */
  *live(): Generator<LiveActivation> {
    for (const { number, id } of this.#awake.values()) {
      yield { number, type: id.type, key: id.key };
    }
    for (const { program, resting } of this.#employed) {
      for (const { number, key } of resting.all()) yield { number, type: program.type, key };
    }
  }

  /** Gives back what waits, ends what runs, and lets all who have nothing to do act for the last time. */
  async close(reason: MeshError): Promise<void> {
    this.#isClosed = true;
    this.#giveBack(this.workplace.turns.values());
    for (const activation of this.#awake.values()) {
      if (activation.isResting) this.#retire(activation);
    }
    for (const employment of this.#employed) {
      for (const rested of employment.resting.takeAll()) this.#lastActs.begin(employment, rested);
    }
    this.drop(() => true, reason);
    await this.#lastActs.over();
  }

  rests(activation: Activation): void {
    this.#awake.delete(activation.number);
  }

  creationFailed(activation: Activation, reason: Failure): void {
    this.#remove(activation);
    for (const turn of activation.waiting()) turn.refuse(reason);
  }

  abandoned(activation: Activation, overdue: Turn): void {
    this.#rememberAbandoned(activation.number);
    this.#remove(activation);
    const mine = this.workplace.turns.values().filter((turn) => turn.home === activation);
    if (overdue.phase === "running") overdue.refuse(failure("TURN_ABANDONED"), true);
    else this.#tellAbandoned(activation, mine);
    overdue.stop(stopped("TURN_ABANDONED"));
    for (const turn of mine) if (turn.phase === "running") turn.interrupt();
    this.#giveBack(mine);
  }

  failedInLane(activation: Activation, durableLane: number): void {
    this.#brokenLanes.add(durableLane);
    const [oldest] = this.#brokenLanes;
    if (this.#brokenLanes.size > MOST_BROKEN_LANES && oldest !== undefined) {
      this.#brokenLanes.delete(oldest);
    }
    const behind = [...activation.waiting()].filter((turn) => turn.durableLane === durableLane);
    this.#giveBack(behind);
  }

  /** The activation for a delivery; undefined when the delivery needs none any more. */
  #enter(
    target: DeliverFrame | EventTarget,
    agent: AgentId,
    kind: "deliver" | "event",
  ): Activation | undefined {
    this.workplace.counters.deliveries++;
    const known = this.#awake.get(target.activation);
    if (known !== undefined) return known;
    const employment = this.#employments.get(agent.type);
    const rested = employment?.resting.take(target.activation);
    if (employment !== undefined && rested !== undefined) return this.#wake(employment, rested);
    if (target.activation <= this.#endedThrough) return undefined;
    if (this.#isClosed) this.workplace.uplink.release([target.delivery]);
    else if (this.#abandoned.has(target.activation)) this.#refuseAbandoned(target, kind);
    else return this.#create(target, agent, employment);
    return undefined;
  }

  #create(
    target: DeliverFrame | EventTarget,
    agent: AgentId,
    employment: Employment | undefined,
  ): Activation | undefined {
    if (employment === undefined) {
      const text = `this worker does not run agent type ${agent.type}`;
      this.#refuse(target, failure("AGENT_TYPE_UNKNOWN", text));
      return undefined;
    }
    if (!this.#employed.has(employment)) this.#employ(employment);
    return this.#place(employment, target.activation, agent.key);
  }

  /** A type has its first agent. Types that were taken from work, and of which nobody rests, are forgotten. */
  #employ(employment: Employment): void {
    for (const other of this.#employed) {
      const isAtWork = this.#employments.get(other.program.type) === other;
      if (!isAtWork && other.resting.size === 0) this.#employed.delete(other);
    }
    this.#employed.add(employment);
  }

  /** An agent that has rested has something to do. */
  #wake(employment: Employment, { number, key, state }: Rested): Activation {
    const activation = this.#place(employment, number, key);
    activation.wake(state);
    employment.resting.add(activation);
    return activation;
  }

  #place(employment: Employment, number: number, key: string): Activation {
    // The type's own text is shared by all its agents.
    const id = new AgentId(employment.program.type, key);
    const activation = new Activation(this, employment, number, id);
    this.#awake.set(number, activation);
    return activation;
  }

  #remove(activation: Activation): void {
    activation.leave();
    this.#awake.delete(activation.number);
  }

  /** Whoever is not awake rests, was abandoned, or has ended before. */
  #endResting(number: number): void {
    if (this.#abandoned.delete(number)) return;
    for (const employment of this.#employed) {
      const rested = employment.resting.take(number);
      if (rested === undefined) continue;
      this.#lastActs.begin(employment, rested);
      return;
    }
  }

  #accept(
    activation: Activation,
    frame: DeliverFrame | EventFrame,
    target: DeliverFrame | EventTarget,
    reenters: number,
  ): void {
    const now = this.workplace.clock.now();
    const turn = new Turn(this.workplace, activation, frame, target, now);
    this.workplace.turns.set(turn.delivery, turn);
    activation.accept(turn, reenters, now);
    if (activation.isNew) activation.create(this.#lastActs.of(activation.id));
  }

  /** The mesh may deliver once more to an activation that was given up: it must look for another place. */
  #refuseAbandoned(target: DeliverFrame | EventTarget, kind: "deliver" | "event"): void {
    if (kind === "event") this.workplace.uplink.release([target.delivery]);
    else this.#refuse(target, failure("ACTIVATION_STALE", undefined, NOT_STARTED));
  }

  #refuse(target: DeliverFrame | EventTarget, reason: Failure): void {
    this.workplace.uplink.turnEnd(turnEnd(target, failed(reason), false));
  }

  /** The overdue turn's own delivery is lost: another one tells the mesh, or the offer to end what has nothing to do. */
  #tellAbandoned({ number }: Activation, turns: readonly Turn[]): void {
    const waiting = turns.find(({ phase }) => phase === "waiting");
    const [running] = turns;
    if (waiting !== undefined) waiting.refuse(failure("TURN_ABANDONED", undefined, NOT_STARTED));
    else if (running === undefined) this.workplace.uplink.idle([number]);
    else {
      running.refuse(failure("TURN_ABANDONED"));
      running.stop(stopped("TURN_ABANDONED"));
    }
  }

  /** Gives back those deliveries that have not started. */
  #giveBack(turns: readonly Turn[]): void {
    const deliveries: number[] = [];
    for (const turn of turns) {
      if (turn.phase !== "waiting") continue;
      turn.orphan();
      deliveries.push(turn.delivery);
    }
    if (deliveries.length > 0) this.workplace.uplink.release(deliveries);
  }

  /** The turns of activations that are gone. */
  #loseOrphans(reason: MeshError): void {
    for (const turn of this.workplace.turns.values()) {
      if (turn.home.isGone) this.#lose(turn, reason);
    }
  }

  /** Nobody asks for a delivery any more. */
  #lose(turn: Turn, reason: MeshError): void {
    const isRunning = turn.phase === "running";
    turn.orphan();
    if (isRunning) turn.stop(reason);
  }

  #rememberAbandoned(number: number): void {
    this.#abandoned.add(number);
    if (this.#abandoned.size <= MOST_ABANDONED) return;
    for (const oldest of this.#abandoned) {
      this.#abandoned.delete(oldest);
      return;
    }
  }

  /** Lets an agent that has nothing to do act for the last time. */
  #retire(activation: Activation): void {
    this.#remove(activation);
    this.#lastActs.begin(activation, activation);
  }
}

/** Lets its agent know that a turn does not wait any more: it may have been the last one in its lane. */
function goOnWithout(turn: Turn): void {
  if (turn.phase === "ended" && turn.lane !== undefined) turn.home.proceed(turn.lane);
}
