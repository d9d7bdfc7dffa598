/** Where AutoGen's host errs or does worse than it could, and what its workers get from a host of AgentMesh instead. */
import { status as STATUS } from "@grpc/grpc-js";

/** What is right in the place of a record, or after it. */
export interface Correction {
  /** The call gets this status. */
  readonly status?: { readonly code: number; readonly details: RegExp };
  /** The message goes to this call. */
  readonly call?: number;
  /** The response has this error and no payload. */
  readonly error?: RegExp;
  /** After the record a response to the request of this id arrives on this call, with this error. */
  readonly failsAfter?: {
    readonly call: number;
    readonly requestId: string;
    readonly error: RegExp;
  };
  /** After the record its message arrives on this call too. */
  readonly arrivesAfter?: number;
}

const OK = { status: { code: STATUS.OK, details: /^$/ } };
const UNKNOWN_SUBSCRIPTION = {
  status: { code: STATUS.NOT_FOUND, details: /^Subscription does not exist$/ },
};

/** By scenario and `seq` of the record. */
export const CORRECTIONS: Readonly<Record<string, Readonly<Record<number, Correction>>>> = {
  // Subscriptions that are equal to one of the same client are no conflict.
  "duplicate-subscription-refused": { 8: OK, 10: OK, 18: OK },
  "register-instance-twice": { 11: OK },
  "remove-unknown-subscription": { 3: UNKNOWN_SUBSCRIPTION, 11: UNKNOWN_SUBSCRIPTION },
  // The text names the type, and not the client: who knows its id may speak in its name.
  "duplicate-type-refused": {
    6: {
      status: {
        code: STATUS.INVALID_ARGUMENT,
        details: /^Agent type name1 already registered\b/,
      },
    },
  },
  // A response that says nothing would pass for a success.
  "rpc-error-empty": { 10: { error: /^the handler failed/ } },
  "rpc-unknown-type": {
    2: { failsAfter: { call: 1, requestId: "1", error: /^AGENT_TYPE_UNKNOWN: .*"nope"/ } },
  },
  // Each caller gets its own answer.
  "rpc-same-id-one-target": { 13: { call: 2 }, 14: { arrivesAfter: 3 } },
};
