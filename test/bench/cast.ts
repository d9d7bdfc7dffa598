import type { Contender, ContenderName } from "./contender.ts";
import {
  createAutogenContender,
  createAutogenOnOursContender,
} from "./systems/autogen/contender.ts";
import { createGrpcLinkContender } from "./systems/grpc/contender.ts";
import { createJetStreamContender } from "./systems/jetstream/contender.ts";
import { createLocalContender, createQueueContender } from "./systems/local/contender.ts";
import { createMeshContender } from "./systems/mesh/contender.ts";
import { createDurableContender } from "./systems/mesh/durable-contender.ts";
import {
  createCrowdedContender,
  createKeysContender,
  createLinkedContender,
  createMeteredContender,
  createSpreadContender,
} from "./systems/mesh/layouts.ts";
import { createNatsContender, createNatsSpreadContender } from "./systems/nats/contender.ts";
import { createRelayContender } from "./systems/relay/contender.ts";

/** All contenders. None is started before its first row. */
export type Cast = Readonly<Record<ContenderName, Contender>>;

/** Makes them. */
export function createCast(): Cast {
  return {
    ours: createMeshContender(),
    "ours-metered": createMeteredContender(),
    "ours-link": createLinkedContender(),
    "ours-subscriptions": createCrowdedContender("ours-subscriptions"),
    "ours-sessions": createCrowdedContender("ours-sessions"),
    "ours-spread": createSpreadContender(),
    "ours-keys": createKeysContender(),
    "ours-autogen": createAutogenOnOursContender(),
    "ours-durable": createDurableContender(),
    local: createLocalContender(),
    nats: createNatsContender(),
    "nats-spread": createNatsSpreadContender(),
    autogen: createAutogenContender(),
    jetstream: createJetStreamContender(),
    relay: createRelayContender(),
    "grpc-link": createGrpcLinkContender(),
    queue: createQueueContender(),
  };
}
