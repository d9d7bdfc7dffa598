import type { AgentId, TopicId } from "@agentmesh/proto";
import type { AgentContext } from "../agent/context.ts";
import { Messaging, type Speaker } from "./messaging.ts";
import type { Turn } from "./turn.ts";

const NO_METADATA: Readonly<Record<string, string>> = Object.freeze({});

/** A turn as its handler sees it. Everything is looked up when it is read. */
export class TurnContext extends Messaging implements AgentContext<unknown> {
  readonly #turn: Turn;

  constructor(turn: Turn) {
    super(turn);
    this.#turn = turn;
  }

  override speakThrough(wrap: (speaker: Speaker) => Speaker): void {
    super.speakThrough(wrap);
  }

  get self(): AgentId {
    return this.#turn.home.id;
  }

  get sender(): AgentId | undefined {
    return this.#turn.frame.sender;
  }

  get kind(): "send" | "event" {
    return this.#turn.frame.kind === "event" ? "event" : "send";
  }

  get topic(): TopicId | undefined {
    const { frame } = this.#turn;
    return frame.kind === "event" ? frame.topic : undefined;
  }

  get messageId(): string {
    const chosen = this.#turn.content?.messageId ?? "";
    return chosen === "" ? String(this.#turn.frame.id) : chosen;
  }

  get attempt(): number {
    return this.#turn.target.attempt;
  }

  get firstDeliveredAt(): number | undefined {
    const { target } = this.#turn;
    const known = "firstDeliveredUnixMs" in target ? target.firstDeliveredUnixMs : 0;
    return known === 0 ? undefined : known;
  }

  get resent(): boolean {
    const { frame, target } = this.#turn;
    if (frame.kind === "event" && frame.resent) return true;
    return "redelivered" in target && target.redelivered;
  }

  /** Milliseconds for what is sent in the turn; Infinity when nobody waits for it, or it has ended. */
  get timeLeftMs(): number {
    return this.#turn.parent === 0 ? Number.POSITIVE_INFINITY : this.#turn.timeLeftMs();
  }

  get deadline(): number | undefined {
    return this.#turn.deadlineUnixMs;
  }

  get signal(): AbortSignal {
    return this.#turn.signal;
  }

  get activation(): number {
    return this.#turn.home.number;
  }

  get metadata(): Readonly<Record<string, string>> {
    return this.#turn.content?.metadata ?? NO_METADATA;
  }

  set metadata(metadata: Readonly<Record<string, string>>) {
    const { content } = this.#turn;
    if (content !== undefined) this.#turn.content = { ...content, metadata };
  }

  retryLater(ms: number): void {
    this.#turn.retryLater(ms);
  }

  get state(): unknown {
    return this.#turn.home.state;
  }

  set state(state: unknown) {
    this.#turn.home.state = state;
  }
}
