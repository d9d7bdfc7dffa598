/**
 * What the protocol demands of a worker, by number. proto/README.md lists the same sentences and a test keeps both equal;
 * a number is never given to another requirement.
 */

/** What a worker says of itself, by which the runner knows what it can be tried for. */
export type Claim =
  /** Its Hello says `resume`: then it keeps all rules. */
  | "resume"
  /** Its Hello does not: then it leaves out what a small worker may. */
  | "small"
  /** It handles `courier.v1.Parcel` and `courier.v1.Unpack`, by which the runner can tell what its agents do. */
  | "courier"
  /** It handles `courier.v1.Scatter`, by which the runner lets it publish outside of turns. */
  | "scatter";

export interface Requirement {
  readonly id: string;
  /** Whom it concerns: workers that claim all of these. Without any, every worker. */
  readonly claims: readonly Claim[];
  readonly text: string;
}

function row(id: string, who: "all" | Claim | readonly Claim[], text: string): Requirement {
  return { id, claims: who === "all" ? [] : [who].flat(), text };
}

export const REQUIREMENTS: readonly Requirement[] = [
  // Sessions
  row(
    "W1",
    "all",
    "The first batch of a stream is one `Hello` without number; nothing follows before `Welcome`.",
  ),
  row(
    "W2",
    "all",
    "`Hello` offers version 1 and an instance id of 8 to 64 bytes, the same in every session.",
  ),
  row(
    "W3",
    "all",
    "Every new session announces the agent types again, in `Hello` or after `Welcome`.",
  ),
  row(
    "W4",
    "all",
    "When the stream breaks, or is refused as unavailable, the worker connects again.",
  ),
  // Batches
  row("W5", "all", "A batch holds up to 512 frames and 256 KiB, or one larger frame alone."),
  row("W6", "all", "Every frame of a batch counts as if it had come alone."),
  row("W7", "all", "Frames of unknown kinds from 64 on, and unknown fields, are skipped."),
  // Numbers
  row("W8", "small", "Without resume both numbers of every batch are 0."),
  row(
    "W9",
    "resume",
    "Frames are numbered from 1 without a gap; only the kinds named above travel without number.",
  ),
  row("W10", "resume", "What arrives is acknowledged within 128 frames, 256 KiB or 1 s."),
  row("W11", "resume", "A frame that arrives twice is handled once."),
  row(
    "W12",
    "resume",
    "A broken stream is resumed by token, and what was not acknowledged is sent again, with its numbers.",
  ),
  row(
    "W13",
    "resume",
    "A session that was not resumed starts anew: numbers from 1, nothing of the old one.",
  ),
  // Deliveries
  row("W14", "all", "Every delivery is ended exactly once, with its number and its activation."),
  row("W15", "all", "A message type without handler fails with `MESSAGE_UNHANDLED`, not executed."),
  row(
    "W16",
    "courier",
    "Content that cannot be decoded fails with `PAYLOAD_INVALID`, not executed.",
  ),
  row("W17", "courier", "A handled send is ended with its reply."),
  row(
    "W18",
    "courier",
    "The turns of an activation run one at a time, in the order of their deliveries.",
  ),
  row("W19", "courier", "A waiting turn holds up no other activation, and no `Ping`."),
  row(
    "W20",
    "courier",
    "A cancelled delivery ends at once: a running turn is told to stop, a waiting one never starts.",
  ),
  row(
    "W21",
    "courier",
    "After `Deactivate` a new activation of the same agent begins without the old one.",
  ),
  // Sends
  row(
    "W22",
    ["resume", "courier"],
    "A send in a turn names the activation and the delivery, and a request number of its own.",
  ),
  row(
    "W23",
    ["resume", "courier"],
    "A result, whether reply or error, lets the waiting turn go on.",
  ),
  // Streams
  row("W24", "courier", "A chunk leaves only while both parts of the credit are above 0."),
  row(
    "W25",
    "courier",
    "A stream goes on with new credit, in order, and closes by `TurnEnd` without reply.",
  ),
  row("W26", "courier", "A stream that waits for credit ends when it is cancelled."),
  // Events
  row("W27", "courier", "Every target of an event is a delivery of its own."),
  row(
    "W28",
    "courier",
    "Publishes are numbered by a sequence that grows, also from session to session.",
  ),
  // Life
  row("W29", "all", "`Ping` is answered by `Pong` with its nonce and without number."),
  row("W30", "resume", "After `heartbeat_ms` of silence the worker sends `Ping`."),
  row(
    "W31",
    "courier",
    "After `HostDrain` what runs is finished, and the worker comes back when the stream has ended.",
  ),
  row(
    "W32",
    "resume",
    "After a resumption no turn starts before the frame `Welcome.replay_through` has arrived.",
  ),
  // The lease
  row(
    "W33",
    ["resume", "courier"],
    "What `Welcome.lapsed_through` has ended takes no effect: neither a turn nor what is still on its way to it.",
  ),
  row("W34", ["resume", "courier"], "Without a stream for `lease_ms` running turns are stopped."),
  // Re-entry
  row(
    "W35",
    ["resume", "courier"],
    "A delivery that re-enters is handled while the turn that it enters waits for its send.",
  ),
  // Outside of turns
  row(
    "W36",
    ["resume", "scatter"],
    "A publish that was not accepted in a session that is lost is sent again, with `resent` and its sequence.",
  ),
  row(
    "W37",
    ["resume", "scatter"],
    "No more sends and publishes without ancestors are unsettled than `request_window` allows.",
  ),
  // The end
  row(
    "W38",
    ["resume", "courier"],
    "On SIGTERM the worker says `WorkerDrain`, finishes what runs, and after the `Answer` says `Goodbye`.",
  ),
];
