/** Workers that break one rule each. A test shows that the runner finds out, and finds nothing else. */
import { randomUUID } from "node:crypto";
import {
  appending,
  fromHello,
  fromHost,
  fromWelcome,
  fromWorker,
  NOTHING_SAID,
  NOTHING_TOLD,
  onResumption,
  type Sabotage,
} from "./sabotage.ts";

const PADDING = 600;
const FAR_AWAY_MS = 600_000;

/** The name by which the link breaks nothing. */
export const FAITHFUL = "keeps all rules";

/** What the worker does wrong, and how that is brought about. */
export const SABOTAGES: Readonly<Record<string, Sabotage>> = {
  "is somebody else in every session": {
    breaks: ["W2"],
    also: ["W3"],
    ...fromHello((hello) => ({ ...hello, instanceId: randomUUID() })),
  },
  "sends 600 frames at once": {
    // Such a batch cannot be read, and ends the session: nothing of it arrives.
    breaks: ["W5", "W6"],
    ...appending((frame) =>
      frame.kind === "turn-end" ? Array.from({ length: PADDING }, () => NOTHING_SAID) : [],
    ),
  },
  "reads the first frame of a batch": {
    breaks: ["W6"],
    toWorker: (batch) => ({
      ...batch,
      frames: batch.frames.map((frame, index) => (index === 0 ? frame : NOTHING_TOLD)),
    }),
  },
  "ends at a kind of frame that it does not know": {
    breaks: ["W7"],
    toWorker: (batch) => (batch.skipped.length > 0 ? "cut" : batch),
  },
  "numbers frames without resume": {
    breaks: ["W8"],
    ...fromHello((hello) => ({ ...hello, resume: false })),
  },
  "leaves a number out": {
    breaks: ["W9"],
    also: ["W6"],
    toHost: (batch) =>
      batch.firstNumber < 2 ? batch : { ...batch, firstNumber: batch.firstNumber + 1 },
  },
  "acknowledges nothing": {
    breaks: ["W10"],
    toHost: (batch) => ({ ...batch, receivedThrough: 0 }),
  },
  "handles twice what arrives twice": { breaks: ["W11", "W14"], ...endingAgain() },
  "forgets its token": {
    breaks: ["W12"],
    ...fromHello((hello) => ({ ...hello, resumeToken: "" })),
  },
  "sends nothing again when it resumes": {
    breaks: ["W12"],
    ...onResumption((batch) => ({ ...batch, firstNumber: 0, frames: [] })),
  },
  "sends everything again under new numbers": {
    breaks: ["W12", "W14"],
    ...onResumption((batch) => ({ ...batch, firstNumber: batch.firstNumber + batch.count })),
  },
  "sends everything twice when it resumes": {
    breaks: ["W12", "W14"],
    ...onResumption((batch) => ({ ...batch, frames: [...batch.frames, ...batch.frames] })),
  },
  "goes on counting in a new session": { breaks: ["W9", "W13"], ...countingOn() },
  "ends deliveries in another activation": {
    breaks: ["W14"],
    also: ["W6"],
    ...fromWorker((frame) =>
      frame.kind === "turn-end" ? { ...frame, activation: frame.activation + 1 } : frame,
    ),
  },
  "answers without a reply": {
    breaks: ["W17"],
    ...fromWorker((frame) =>
      frame.kind === "turn-end" && frame.ending.kind === "reply"
        ? { ...frame, ending: { kind: "done" } }
        : frame,
    ),
  },
  "does not hear that it is to stop": {
    breaks: ["W20", "W26"],
    ...fromHost((frame) => (frame.kind === "cancel-delivery" ? NOTHING_TOLD : frame)),
  },
  "sends in nobody's name": {
    breaks: ["W22"],
    ...fromWorker((frame) => (frame.kind === "send" ? { ...frame, activation: 0 } : frame)),
  },
  "waits for ever when a send has failed": {
    breaks: ["W23"],
    ...fromHost((frame) =>
      frame.kind === "result" && frame.ending.kind === "failed" ? NOTHING_TOLD : frame,
    ),
  },
  "streams without credit": {
    breaks: ["W24"],
    ...fromHost((frame) =>
      frame.kind === "deliver" ? { ...frame, streamChunks: 100 * frame.streamChunks } : frame,
    ),
  },
  "does not go on with new credit": {
    breaks: ["W25"],
    ...fromHost((frame) => (frame.kind === "stream-credit" ? NOTHING_TOLD : frame)),
  },
  "handles an event for one agent only": {
    breaks: ["W27"],
    ...fromHost((frame) =>
      frame.kind === "event" ? { ...frame, targets: frame.targets.slice(0, 1) } : frame,
    ),
  },
  "answers pings with a nonce of its own": {
    breaks: ["W29"],
    ...fromWorker((frame) =>
      frame.kind === "control" && frame.control.$case === "pong"
        ? { kind: "control", control: { $case: "pong", value: { nonce: 7 } } }
        : frame,
    ),
  },
  "never asks for a sign of life": {
    breaks: ["W30"],
    ...fromWelcome((welcome) => ({ ...welcome, heartbeatMs: FAR_AWAY_MS })),
  },
  "begins turns while the host repeats itself": {
    breaks: ["W32"],
    ...fromWelcome((welcome) => ({ ...welcome, replayThrough: 0 })),
  },
  "goes on after a lapse": {
    breaks: ["W33"],
    ...fromWelcome((welcome) => ({ ...welcome, lapsedThrough: 0 })),
  },
  "knows no lease": {
    breaks: ["W34"],
    ...fromWelcome((welcome) => ({ ...welcome, leaseMs: FAR_AWAY_MS })),
  },
  "lets nobody re-enter": {
    breaks: ["W35"],
    ...fromHost((frame) => (frame.kind === "deliver" ? { ...frame, reenters: 0 } : frame)),
  },
  "does not say that it publishes again": {
    breaks: ["W28", "W36"],
    ...fromWorker((frame) => (frame.kind === "publish" ? { ...frame, resent: false } : frame)),
  },
  "publishes more than the window allows": {
    breaks: ["W37"],
    ...fromWelcome((welcome) => ({ ...welcome, requestWindow: 100 })),
  },
  "leaves without a word": {
    breaks: ["W38"],
    ...fromWorker((frame) =>
      frame.kind === "control" && frame.control.$case === "goodbye" ? NOTHING_SAID : frame,
    ),
  },
};

/** Ends those deliveries twice that came twice. */
function endingAgain(): Omit<Sabotage, "breaks"> {
  const come = new Set<number>();
  const again = new Set<number>();
  const { toHost, toWorker } = appending((frame) =>
    frame.kind === "turn-end" && again.delete(frame.delivery) ? [frame] : [],
  );
  return {
    toHost,
    toWorker(batch) {
      for (const frame of batch.frames) {
        if (frame.kind !== "deliver") continue;
        if (come.has(frame.delivery)) again.add(frame.delivery);
        come.add(frame.delivery);
      }
      return toWorker(batch);
    },
  };
}

/** Gives the frames of every session but the first numbers as if they came later. */
function countingOn(): Omit<Sabotage, "breaks"> {
  let sessions = 0;
  const { toWorker } = fromWelcome((welcome) => {
    if (!welcome.resumed) sessions++;
    return welcome;
  });
  const shift = (): number => (sessions > 1 ? PADDING : 0);
  return {
    toHost: ({ firstNumber, ...rest }) => ({
      ...rest,
      firstNumber: firstNumber === 0 ? 0 : firstNumber + shift(),
    }),
    toWorker(batch) {
      const { receivedThrough, ...rest } = toWorker(batch);
      return { ...rest, receivedThrough: Math.max(0, receivedThrough - shift()) };
    },
  };
}
