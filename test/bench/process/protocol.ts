/** What the bench and the processes it starts tell each other over the IPC channel. */
import type { Measurement, Pace, Scenario } from "../scenario.ts";

/** What the bench asks of a client process. */
export interface RunRequest {
  readonly kind: "run";
  readonly scenario: Scenario;
  readonly pace: Pace;
}

/** What a process tells the bench. */
export type Notice =
  /** It is up; `port` is where it listens, 0 when it does not. */
  | { readonly kind: "ready"; readonly port: number }
  | { readonly kind: "measured"; readonly measurement: Measurement }
  | { readonly kind: "failed"; readonly reason: string };

/** Whether a message is one that the bench asks with. */
export function isRunRequest(message: unknown): message is RunRequest {
  return kindOf(message) === "run";
}

/** Whether a message is one that a process of the bench tells. */
export function isNotice(message: unknown): message is Notice {
  const kind = kindOf(message);
  return kind === "ready" || kind === "measured" || kind === "failed";
}

function kindOf(message: unknown): unknown {
  return typeof message === "object" && message !== null && "kind" in message
    ? message.kind
    : undefined;
}
