/** The generated codec of AutoGen's protocol, on what its workers and their host wrote. */
import {
  AddSubscriptionRequest,
  ControlMessage,
  GetSubscriptionsRequest,
  GetSubscriptionsResponse,
  Message,
  RegisterAgentTypeRequest,
  RemoveSubscriptionRequest,
} from "@agentmesh/proto/agents";
import { expect, test } from "vitest";
import { loadRecordings, type Recorded } from "./recording.ts";

interface Codec {
  decode(bytes: Uint8Array): object;
  encode(message: object): Uint8Array;
}

function codec<Type extends object>(type: {
  decode(bytes: Uint8Array): Type;
  encode(message: Type): { finish(): Uint8Array };
}): Codec {
  return { decode: type.decode, encode: (message) => type.encode(message as Type).finish() };
}

const CODECS = new Map([
  ["agents.Message", codec(Message)],
  ["agents.ControlMessage", codec(ControlMessage)],
  ["agents.RegisterAgentTypeRequest", codec(RegisterAgentTypeRequest)],
  ["agents.AddSubscriptionRequest", codec(AddSubscriptionRequest)],
  ["agents.RemoveSubscriptionRequest", codec(RemoveSubscriptionRequest)],
  ["agents.GetSubscriptionsRequest", codec(GetSubscriptionsRequest)],
  ["agents.GetSubscriptionsResponse", codec(GetSubscriptionsResponse)],
]);

/** Answers without fields. */
const EMPTY = /^agents\.(RegisterAgentType|AddSubscription|RemoveSubscription)Response$/;

function messagesOf(records: readonly Recorded[]): Recorded[] {
  return records.filter((record) => record.message_type !== undefined);
}

test.each(loadRecordings())(
  "$scenario: every message is the same when it is written again",
  ({ records }) => {
    for (const { message_type: type = "", base64 } of messagesOf(records)) {
      const known = CODECS.get(type);
      if (known === undefined) {
        expect(type).toMatch(EMPTY);
        expect(base64).toHaveLength(0);
        continue;
      }
      const message = known.decode(base64);
      const written = known.encode(message);
      // The order of a map's entries is the writer's own, so that the bytes may differ, but not their number.
      expect(written).toHaveLength(base64.length);
      expect(known.decode(written)).toEqual(message);
    }
  },
);
