import type { Clock, Failure } from "@agentmesh/proto";
import type { Server } from "@grpc/grpc-js";
import type { Dispatcher } from "../../delivery/dispatcher.ts";
import type { Namespaces } from "../../delivery/namespaces.ts";
import type { Counters } from "../../observability/counters.ts";
import type { Logger } from "../../observability/logger.ts";
import type { Router } from "../../router/router.ts";
import type { Authenticator } from "../../security/token.ts";
import type { Connections } from "../connections.ts";
import type { WorkerMember } from "../worker-session.ts";
import { AutogenClients } from "./clients.ts";
import { ControlChannels } from "./control-channels.ts";
import { Inbound } from "./inbound.ts";
import { AutogenService, autogenServiceDefinition } from "./service.ts";

export interface AutogenOptions {
  readonly leaseMs: number;
  readonly sessionGraceMs: number;
  readonly heartbeatMs: number;
  readonly livenessMs: number;
  readonly outboxLimitBytes: number;
  readonly maxSessions: number;
  readonly maxInFlight: number;
  /** Largest content, and message that a client is sent: as much as workers of AutoGen take unless they are told otherwise. */
  readonly maxPayloadBytes: number;
  /** Whether several clients may own an agent type. */
  readonly sharedTypes: boolean;
}

export interface AutogenParts {
  readonly clock: Clock;
  readonly router: Router;
  readonly dispatcher: Dispatcher;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly authenticator: Authenticator;
  readonly connections: Connections;
  readonly namespaces: Namespaces;
}

/** Lets workers of AutoGen into the mesh. To the parts behind the gateway they are workers and callers like all others. */
export class AutogenAdapter {
  readonly #clients: AutogenClients;
  readonly #control: ControlChannels;
  readonly #service: AutogenService;

  constructor(options: AutogenOptions, parts: AutogenParts) {
    this.#clients = new AutogenClients(
      { ...options, maxMessageBytes: options.maxPayloadBytes },
      { ...parts, askState: (...question) => this.#control.ask(...question) },
    );
    const clients = this.#clients;
    const { maxPayloadBytes } = options;
    const inbound = new Inbound({
      ...parts,
      maxPayloadBytes,
      typeOf: (client, name) => clients.typeOf(client, name),
      refused: (client, reason) => clients.noteRefusal(client, reason),
    });
    this.#control = new ControlChannels(options.outboxLimitBytes, {
      ...parts,
      maxPayloadBytes,
      clients,
    });
    this.#service = new AutogenService({
      ...parts,
      maxPayloadBytes,
      clients,
      inbound,
      control: this.#control,
    });
  }

  /** Adds the service to a server. */
  register(server: Server): void {
    server.addService(autogenServiceDefinition, this.#service.implementation);
  }

  /** Its clients, as workers. */
  workers(): Iterable<WorkerMember> {
    return this.#clients.all();
  }

  /** Takes no new channels. */
  drain(): void {
    this.#service.drain();
  }

  /** Ends all clients. */
  endAll(reason: Failure): void {
    this.#control.endAll(reason);
    this.#clients.endAll(reason);
  }
}
