/**
 * The composition root: the only place where the parts are put together. Parts are made in the order of the layers;
 * stopping goes from the outside in: nothing new, finish, sessions, server.
 */
import { randomUUID } from "node:crypto";
import {
  type Clock,
  DEFAULTS,
  Deadlines,
  failure,
  failureOf,
  LIMITS,
  type MeshError,
  systemClock,
} from "@agentmesh/proto";
import type { Server, ServerCredentials } from "@grpc/grpc-js";
import { adminServiceDefinition } from "./admin/admin-methods.ts";
import { AdminService } from "./admin/admin-service.ts";
import { deadLetterOffice } from "./delivery/dead-letter-office.ts";
import { Dispatcher } from "./delivery/dispatcher.ts";
import { Namespaces } from "./delivery/namespaces.ts";
import { StoredWork } from "./delivery/stored-work.ts";
import { Tap } from "./delivery/tap.ts";
import { AutogenAdapter, type AutogenParts } from "./gateway/autogen/adapter.ts";
import { AUTOGEN_SERVICE } from "./gateway/autogen/service.ts";
import { ClientService, clientServiceDefinition } from "./gateway/client-service.ts";
import { Connections } from "./gateway/connections.ts";
import { loadDescriptors } from "./gateway/descriptors.ts";
import { GatewayService, gatewayServiceDefinition } from "./gateway/gateway-service.ts";
import { HEALTH_SERVICE, Health } from "./gateway/health.ts";
import { untilQuiet } from "./gateway/quiet.ts";
import { Reflection } from "./gateway/reflection.ts";
import { createServer, listen, shutDown } from "./gateway/server.ts";
import { Sessions } from "./gateway/sessions.ts";
import type { WorkerMember } from "./gateway/worker-session.ts";
import type { Host, HostEnvironment } from "./host-handle.ts";
import { NumberSource } from "./model/number-source.ts";
import { TurnClock } from "./model/turn-clock.ts";
import { type Counters, createCounters } from "./observability/counters.ts";
import { createLogger, type Logger } from "./observability/logger.ts";
import { StoreLog } from "./observability/store-log.ts";
import {
  formatAddress,
  type HostOptions,
  type ResolvedHostOptions,
  resolveHostOptions,
} from "./options.ts";
import { Calls } from "./router/calls.ts";
import { Router } from "./router/router.ts";
import { Settling } from "./router/settling.ts";
import { isLoopback } from "./security/loopback.ts";
import { loadServerCredentials } from "./security/tls.ts";
import { type Authenticator, createAuthenticator } from "./security/token.ts";
import { openStore } from "./store/open-store.ts";
import type { Store } from "./store/ports.ts";
import { VERSION } from "./version.ts";

/**
 * Starts a host in this process and resolves when it listens.
 *
 * @throws MeshError `INVALID_ARGUMENT` for an option that is out of range, a file that cannot be read, or an address
 * that cannot be listened on; `STORE_UNAVAILABLE` for a data folder that cannot be used.
 */
export async function createHost(
  options: HostOptions = {},
  environment: HostEnvironment = {},
): Promise<Host> {
  const resolved = resolveHostOptions(options);
  const credentials = loadServerCredentials(resolved.tls);
  const store = await openStore(resolved);
  const clock = new TurnClock(environment.clock ?? systemClock);
  const logger = createLogger(resolved.log.level, environment.log);
  let host: RunningHost | undefined;
  try {
    const numbers = await NumberSource.open(clock, store.numbers);
    host = new RunningHost(resolved, store, numbers, clock, logger);
    await host.restore();
    await host.listen(credentials);
    return host;
  } catch (error) {
    // What was restored is at work already.
    await (host ?? store).close();
    throw error;
  }
}

/** Full names of the services of AgentMesh, and of AutoGen's. */
const SERVICES = ["GatewayService", "ClientService", "AdminService"]
  .map((name) => `agentmesh.v1.${name}`)
  .concat(AUTOGEN_SERVICE);

class RunningHost implements Host {
  readonly hostId = randomUUID();
  readonly #options: ResolvedHostOptions;
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #logger: Logger;
  readonly #counters: Counters = createCounters();
  readonly #namespaces: Namespaces;
  readonly #tap = new Tap();
  readonly #store: Store;
  readonly #settling: Settling;
  readonly #dispatcher: Dispatcher;
  readonly #calls: Calls;
  readonly #stored: StoredWork;
  readonly #router: Router;
  readonly #sessions: Sessions;
  readonly #connections = new Connections();
  readonly #gateway: GatewayService;
  readonly #autogen: AutogenAdapter;
  readonly #health = new Health(SERVICES);
  readonly #admin: AdminService;
  readonly #server: Server;
  #port = 0;
  #draining: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  #broken: MeshError | undefined;
  readonly ended: Promise<MeshError | undefined>;
  #tellEnded: (reason: MeshError | undefined) => void = () => undefined;

  constructor(
    options: ResolvedHostOptions,
    store: Store,
    numbers: NumberSource,
    clock: Clock,
    logger: Logger,
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#logger = logger;
    this.#namespaces = new Namespaces(options.delivery);
    this.#store = store;
    this.ended = new Promise((resolve) => {
      this.#tellEnded = resolve;
    });
    store.onBroken((reason) => this.#giveUp(reason));
    const deadlines = new Deadlines(clock);
    this.#settling = new Settling(clock, options.settleMs);
    const settling = this.#settling;
    const authenticator = createAuthenticator(options.auth);
    const common = { clock, numbers, counters: this.#counters, logger, tap: this.#tap };
    const storeLog = new StoreLog(clock, logger);
    const deadLetters = deadLetterOffice(store.deadLetters, clock, this.#counters, {
      parked: (letter) => {
        this.#tap.watcher?.parked(letter);
        storeLog.parked(letter);
      },
      notKept: (letter, error) => storeLog.notKept(letter, error),
    });
    this.#dispatcher = new Dispatcher(options.delivery, {
      ...common,
      deadlines,
      isSettling: () => this.#settling.isActive,
      deadLetters,
    });
    this.#stored = new StoredWork({
      ...common,
      store,
      dispatch: this.#dispatcher,
      office: deadLetters,
      log: storeLog,
      namespace: (name) => this.#namespaces.get(name),
      deadLetterAgeMs: options.deadLetters.ageMs,
    });
    const shared = { ...common, dispatcher: this.#dispatcher, settling };
    this.#calls = new Calls({ ...shared, deadlines });
    this.#router = new Router(
      { ...options.calls, ...options.session, ...options.delivery },
      { ...shared, calls: this.#calls, events: store.events },
    );
    this.#sessions = new Sessions(
      {
        ...options.session,
        ackFrames: DEFAULTS.ackFrames,
        ackBytes: DEFAULTS.ackBytes,
        ackMs: DEFAULTS.ackMs,
        maxInFlight: options.delivery.maxInFlight,
        maxPayloadBytes: options.calls.maxPayloadBytes,
        agentTypes: LIMITS.agentTypesPerSession,
        subscriptions: LIMITS.subscriptionsPerSession,
      },
      {
        ...shared,
        router: this.#router,
        durable: this.#stored.durable,
        namespaces: this.#namespaces,
      },
    );
    this.#gateway = this.#createGateway(authenticator);
    this.#autogen = this.#createAutogen({ ...shared, authenticator });
    settling.onSettled(() => this.#endWaits());
    this.#admin = this.#createAdmin(authenticator);
    this.#server = this.#createServer(authenticator);
  }

  get address(): string {
    return formatAddress({ host: this.#options.listen.host, port: this.#port });
  }

  get port(): number {
    return this.#port;
  }

  /** Takes up what an earlier host has left in the store. */
  async restore(): Promise<void> {
    this.#sessions.restore(await this.#store.publishers.latest(LIMITS.publishers));
    await this.#stored.restore();
  }

  async listen(credentials: ServerCredentials): Promise<void> {
    this.#port = await listen(this.#server, formatAddress(this.#options.listen), credentials);
    this.#tellReady();
  }

  drain(options: { readonly graceMs?: number } = {}): Promise<void> {
    this.#draining ??= this.#drain(options.graceMs ?? this.#options.drainGraceMs);
    return this.#draining;
  }

  backup(folder: string): Promise<void> {
    return this.#store.backup(folder);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #drain(graceMs: number): Promise<void> {
    this.#logger.emit("host.draining", { graceMs, sessions: this.#sessions.size });
    this.#health.stopServing();
    this.#gateway.drain();
    this.#autogen.drain();
    this.#router.drain();
    this.#stored.pause();
    this.#sendAway(graceMs);
    const unfinished = await untilQuiet(this.#clock, () => this.#unfinished(), graceMs);
    this.#logger.emit("host.drained", { unfinished });
    await this.close();
  }

  /** Tells the workers to go; those that have other hosts to go to spread over them. */
  #sendAway(graceMs: number): void {
    const { alternateAddresses } = this.#options;
    let count = 0;
    for (const { session } of this.#sessions.all()) {
      const address = alternateAddresses[count % alternateAddresses.length] ?? "";
      session.control({ $case: "drain", value: { graceMs, address } });
      count++;
    }
  }

  /** What has to be finished before the host may go: calls, what waits, and sessions that have something on its way. */
  #unfinished(): number {
    let sessions = 0;
    for (const { session } of this.#sessions.all()) {
      if (session.isQuiet || (session.phase !== "open" && session.phase !== "suspended")) continue;
      sessions++;
      session.hurry();
    }
    return sessions + this.#calls.size + this.#dispatcher.unstored;
  }

  async #close(): Promise<void> {
    this.#settling.close();
    this.#health.close();
    this.#admin.close();
    // Before the sessions: that they end is no fault of what is in flight.
    await this.#stored.close();
    const reason = failure("HOST_DRAINING", "the host has closed");
    this.#sessions.endAll(reason);
    this.#autogen.endAll(reason);
    await shutDown(this.#server);
    await this.#store.close();
    this.#logger.emit("host.closed", { uptimeMs: Math.round(this.#clock.now() - this.#startedAt) });
    this.#tellEnded(this.#broken);
  }

  /** A restart reads what the disk has: to go on with it here could lose what was accepted. */
  #giveUp(reason: MeshError): void {
    this.#broken = reason;
    const { code, text } = failureOf(reason);
    this.#logger.emit("store.broken", { code, text });
    void this.drain();
  }

  #tellReady(): void {
    const { auth, listen: at, tls } = this.#options;
    const token = auth.token !== undefined || auth.tokenFile !== undefined;
    const { address, hostId } = this;
    this.#logger.emit("host.ready", {
      hostId,
      address,
      version: VERSION,
      tls: tls !== undefined,
      token,
    });
    const authentication = token || tls?.ca !== undefined;
    if (isLoopback(at.host) || (tls !== undefined && authentication)) return;
    this.#logger.emit("host.exposed", { address, tls: tls !== undefined, authentication });
  }

  #createGateway(authenticator: Authenticator): GatewayService {
    const { session, calls, alternateAddresses } = this.#options;
    return new GatewayService(
      {
        ...session,
        hostId: this.hostId,
        hostVersion: VERSION,
        maxPayloadBytes: calls.maxPayloadBytes,
        defaultTimeoutMs: calls.timeoutMs,
        alternateAddresses,
      },
      {
        clock: this.#clock,
        sessions: this.#sessions,
        settling: this.#settling,
        authenticator,
        connections: this.#connections,
        counters: this.#counters,
        logger: this.#logger,
      },
    );
  }

  #createAutogen(
    parts: Omit<AutogenParts, "router" | "connections" | "namespaces">,
  ): AutogenAdapter {
    const { session, delivery, calls, autogen } = this.#options;
    const [router, connections, namespaces] = [this.#router, this.#connections, this.#namespaces];
    return new AutogenAdapter(
      { ...session, ...delivery, ...calls, ...autogen },
      { ...parts, router, connections, namespaces },
    );
  }

  #createServer(authenticator: Authenticator): Server {
    const { calls, session } = this.#options;
    const server = createServer(
      { ...session, maxPayloadBytes: calls.maxPayloadBytes },
      this.#connections,
    );
    server.addService(gatewayServiceDefinition, this.#gateway.implementation);
    const client = new ClientService({
      router: this.#router,
      authenticator,
      namespace: (name) => this.#namespaces.get(name),
    });
    server.addService(clientServiceDefinition, client.implementation);
    this.#autogen.register(server);
    server.addService(adminServiceDefinition, this.#admin.implementation);
    this.#health.register(server);
    new Reflection([...SERVICES, HEALTH_SERVICE], loadDescriptors()).register(server);
    return server;
  }

  #createAdmin(authenticator: Authenticator): AdminService {
    return new AdminService({
      clock: this.#clock,
      hostId: this.hostId,
      hostVersion: VERSION,
      workers: () => this.#workers(),
      dispatcher: this.#dispatcher,
      store: this.#store,
      stored: this.#stored,
      counters: this.#counters,
      authenticator,
      namespaces: () => this.#namespaces.all(),
      isDraining: () => this.#draining !== undefined,
      tap: this.#tap,
      namespace: (name) => this.#namespaces.get(name),
      drain: (graceMs) => void this.drain(graceMs === undefined ? {} : { graceMs }),
    });
  }

  /** All workers, whatever protocol they speak. */
  *#workers(): Generator<WorkerMember> {
    yield* this.#sessions.all();
    yield* this.#autogen.workers();
  }

  /** Workers of an earlier life do not come back any more: what has waited for them goes to others, or ends. */
  #endWaits(): void {
    for (const namespace of [...this.#namespaces.all()]) {
      for (const type of [...namespace.types.values()]) {
        if (type.isKnown) this.#dispatcher.typeAvailable(type);
        else {
          this.#dispatcher.typeGone(type);
          namespace.retireType(type);
        }
      }
    }
  }
}
