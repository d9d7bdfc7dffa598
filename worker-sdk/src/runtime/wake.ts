import type { OutgoingMessage } from "./messaging.ts";

/** Name of a message that has no effect but that its agent is there afterwards. Every agent takes it. */
export const WAKE_NAME = "agentmesh.Wake";

/** That message. */
export const WAKE: OutgoingMessage = {
  type: {
    messageName: WAKE_NAME,
    reply: { kind: "none" },
    encode: () => ({ contentType: "", data: Buffer.from("{}") }),
    decode: () => undefined,
  },
  input: undefined,
};
