/** Frames of the host that have arrived at a scripted worker, and those that wait for one of them. */
import type { HostControl, HostFrame } from "@agentmesh/proto/wire";
import { within } from "./waiting.ts";

export type FrameOf<Kind extends HostFrame["kind"]> = Extract<HostFrame, { kind: Kind }>;
export type ControlOf<Case extends HostControl["$case"]> = Extract<
  HostControl,
  { $case: Case }
>["value"];

interface Waiter {
  readonly what: string;
  readonly isWanted: (frame: HostFrame) => boolean;
  readonly take: (frame: HostFrame) => void;
  readonly refuse: (error: Error) => void;
}

/** How many frames an error names. */
const NAMED = 20;

export class FrameMail {
  #frames: HostFrame[] = [];
  #waiters: Waiter[] = [];

  /** A frame has arrived: who waits for it longest gets it. */
  put(frame: HostFrame): void {
    const waiter = this.#waiters.find(({ isWanted }) => isWanted(frame));
    if (waiter === undefined) {
      this.#frames.push(frame);
      return;
    }
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    waiter.take(frame);
  }

  /** Takes the oldest frame that is wanted, waiting for it when it has not arrived. */
  next<Wanted extends HostFrame>(
    what: string,
    isWanted: (frame: HostFrame) => frame is Wanted,
  ): Promise<Wanted> {
    const here = this.#frames.find(isWanted);
    if (here !== undefined) {
      this.#frames.splice(this.#frames.indexOf(here), 1);
      return Promise.resolve(here);
    }
    const coming = new Promise<Wanted>((resolve, refuse) => {
      const take = (frame: HostFrame): void => {
        if (isWanted(frame)) resolve(frame);
      };
      this.#waiters.push({ what, isWanted, take, refuse });
    });
    coming.catch(() => {});
    return within(coming, () => `${what}; there are ${this.#summary()}`);
  }

  /** Takes everything of this kind that has arrived. */
  takeAll<Kind extends HostFrame["kind"]>(kind: Kind): FrameOf<Kind>[] {
    const taken = this.#frames.filter((frame) => isKind(frame, kind));
    this.#frames = this.#frames.filter((frame) => frame.kind !== kind);
    return taken;
  }

  /** Forgets what has arrived. */
  clear(): void {
    this.#frames = [];
  }

  /** Nothing will come: who waits is told. */
  refuse(why: string): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { what, refuse } of waiters) refuse(new Error(`waited for ${what}; ${why}`));
  }

  #summary(): string {
    const kinds = this.#frames.map((frame) =>
      frame.kind === "control" ? frame.control.$case : frame.kind,
    );
    return kinds.length === 0 ? "no other frames" : kinds.slice(0, NAMED).join(", ");
  }
}

/** Narrows a frame to its kind. */
export function isKind<Kind extends HostFrame["kind"]>(
  frame: HostFrame,
  kind: Kind,
): frame is FrameOf<Kind> {
  return frame.kind === kind;
}
