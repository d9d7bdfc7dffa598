/**
 * All clients of AutoGen's protocol, and what they have announced.
 *
 * 1. `announced` is what a client has said and not taken back; it outlives the directory's entries, which exist while the
 *    client is awaited, open or suspended.
 * 2. `types` and `patterns` hold exactly the names whose entries are in the directory.
 */
import { BOUNDS, type Clock, type Failure, failure, LIMITS } from "@agentmesh/proto";
import type { AutogenSubscription } from "@agentmesh/proto/agents";
import type { Agent } from "../../delivery/agent.ts";
import type { Dispatcher } from "../../delivery/dispatcher.ts";
import type { Namespace } from "../../delivery/namespace.ts";
import type { Namespaces } from "../../delivery/namespaces.ts";
import type { Worker } from "../../delivery/worker.ts";
import type { AgentType } from "../../directory/agent-type.ts";
import type { Counters } from "../../observability/counters.ts";
import { LineBudget } from "../../observability/line-budget.ts";
import type { Logger } from "../../observability/logger.ts";
import type { Router } from "../../router/router.ts";
import { Registrations } from "../registrations.ts";
import type { WorkerMember } from "../worker-session.ts";
import { Claims } from "./claims.ts";
import { AutogenClient, type ClientOptions, type ClientPorts } from "./client.ts";
import {
  invalidArgument,
  type Refusal,
  refusalOf,
  SUBSCRIPTION_EXISTS,
  SUBSCRIPTION_UNKNOWN,
  typeTaken,
} from "./refusals.ts";
import { patternOf, toMeshSubscription } from "./subscription-codec.ts";
import { TypeGroup } from "./type-group.ts";

export interface ClientsOptions extends ClientOptions {
  /** Clients at most. */
  readonly maxSessions: number;
  /** Whether several clients may own an agent type. */
  readonly sharedTypes: boolean;
}

interface Parts extends Pick<ClientPorts, "askState"> {
  readonly clock: Clock;
  readonly router: Router;
  readonly dispatcher: Dispatcher;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly namespaces: Namespaces;
}

interface Member extends WorkerMember {
  readonly session: AutogenClient;
  readonly types: Set<string>;
  readonly subscriptions: Map<string, AutogenSubscription>;
}

/** A flood of refusals must not become a flood of log lines. */
const REFUSED_LINES_PER_SECOND = 10;

export class AutogenClients {
  readonly #options: ClientsOptions;
  readonly #parts: Parts;
  readonly #refusedLines = new LineBudget(REFUSED_LINES_PER_SECOND);
  readonly #members = new Map<AutogenClient, Member>();
  readonly #byId = new Map<string, AutogenClient>();
  readonly #groups = new WeakMap<Namespace, TypeGroup>();
  readonly #types = new Claims<AutogenClient>();
  readonly #patterns = new Claims<AutogenClient>();
  /** All subscriptions in the order in which they were added. */
  readonly #subscriptions = new Map<AutogenSubscription, AutogenClient>();

  constructor(options: ClientsOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** The client of this id, made when it does not exist; the failure when there are as many as may be. */
  client(id: string, namespaceName: string): AutogenClient | Failure {
    const name = `${namespaceName}/${id}`;
    const known = this.#byId.get(name);
    if (known !== undefined) return known;
    if (this.#byId.size >= this.#options.maxSessions)
      return failure("OVERLOADED", "the host has as many sessions as it may");
    const namespace = this.#parts.namespaces.get(namespaceName);
    const client = new AutogenClient(id, namespace, this.#options, this.#ports());
    namespace.join();
    this.#byId.set(name, client);
    this.#members.set(client, {
      session: client,
      registrations: this.#registrationsOf(client),
      types: new Set(),
      subscriptions: new Map(),
    });
    this.#parts.counters.sessionsOpened++;
    return client;
  }

  /** A type that the client has announced. */
  typeOf(client: AutogenClient, name: string): AgentType<Worker, Agent> | undefined {
    return this.#members.get(client)?.registrations.type(name);
  }

  /** Clients of the namespace that have announced the type. */
  ownersOf(namespace: Namespace, type: string): AutogenClient[] {
    return this.#types.ownersOf(nameIn(namespace, type));
  }

  /** All clients, with what is announced of them now. */
  all(): Iterable<WorkerMember> {
    return this.#members.values();
  }

  /** Another client of the namespace. */
  find(id: string, namespace: Namespace): AutogenClient | undefined {
    return this.#byId.get(`${namespace.name}/${id}`);
  }

  /** Announces an agent type. @returns why not. */
  registerType(client: AutogenClient, name: string): Refusal | undefined {
    const member = this.#memberOf(client);
    if (member.types.has(name) && member.registrations.type(name) !== undefined) return undefined;
    if (!this.#options.sharedTypes && this.#isTaken(client, name)) return typeTaken(name);
    const refusal = this.#enterType(member, name);
    if (refusal !== undefined) return refusalOf(refusal);
    member.types.add(name);
    return undefined;
  }

  /** Declares a subscription. @returns why not. */
  addSubscription(
    client: AutogenClient,
    subscription: AutogenSubscription | undefined,
  ): Refusal | undefined {
    const pattern = patternOf(subscription);
    if (subscription === undefined || pattern === undefined)
      return invalidArgument("Invalid subscription message.");
    const member = this.#memberOf(client);
    const known = member.subscriptions.get(subscription.id);
    if (known !== undefined) return patternOf(known) === pattern ? undefined : SUBSCRIPTION_EXISTS;
    if (
      !this.#options.sharedTypes &&
      this.#isHeld(this.#patterns, client, nameIn(client.namespace, pattern))
    )
      return SUBSCRIPTION_EXISTS;
    const refusal = this.#enterSubscription(member, subscription);
    if (refusal !== undefined) return refusalOf(refusal);
    member.subscriptions.set(subscription.id, subscription);
    return undefined;
  }

  /** Ends a subscription of the client. @returns why not. */
  removeSubscription(client: AutogenClient, id: string): Refusal | undefined {
    const member = this.#memberOf(client);
    const subscription = member.subscriptions.get(id);
    if (subscription === undefined) return SUBSCRIPTION_UNKNOWN;
    member.subscriptions.delete(id);
    member.registrations.unsubscribe(id);
    this.#forgetSubscription(client, subscription);
    return undefined;
  }

  /** The subscriptions of all clients of the namespace, in the order in which they were added. */
  subscriptions(namespace: Namespace): AutogenSubscription[] {
    const all: AutogenSubscription[] = [];
    for (const [subscription, client] of this.#subscriptions)
      if (client.namespace === namespace) all.push(subscription);
    return all;
  }

  /** A message of the client was refused, which it cannot be told. */
  noteRefusal(client: AutogenClient, { code, text }: Failure): void {
    const leftOut = this.#refusedLines.take(this.#parts.clock.now());
    if (leftOut === undefined) return;
    this.#parts.logger.emit("event.refused", { ...fieldsOf(client), code, text, leftOut });
  }

  /** Ends all clients. */
  endAll(reason: Failure): void {
    for (const client of [...this.#members.keys()]) client.end(reason);
  }

  #memberOf(client: AutogenClient): Member {
    const member = this.#members.get(client);
    if (member === undefined) throw new Error(`client ${client.id} is not known`);
    return member;
  }

  /** Whether somebody else owns the type and is there: another client, or a worker that speaks agentmesh.v1. */
  #isTaken(client: AutogenClient, name: string): boolean {
    const claim = nameIn(client.namespace, name);
    if (this.#isHeld(this.#types, client, claim)) return true;
    const type = client.namespace.types.get(name);
    return type !== undefined && type.workerCount > this.#types.ownersOf(claim).length;
  }

  /** Whether another client holds the name. Those that are not there lose all that they hold. */
  #isHeld(claims: Claims<AutogenClient>, client: AutogenClient, name: string): boolean {
    let isHeld = false;
    for (const owner of claims.ownersOf(name)) {
      if (owner === client) continue;
      if (owner.isLive) isHeld = true;
      else owner.park();
    }
    return isHeld;
  }

  #enterType({ session: client, registrations }: Member, name: string): Failure | undefined {
    const refusal = registrations.register({
      name,
      description: "",
      handles: [],
      // These workers handle as many messages at once as arrive: a nested call must not wait for the one above it.
      agentWindow: BOUNDS.agentWindow,
      maxTurnMs: 0,
      concurrency: BOUNDS.agentWindow,
    });
    if (refusal !== undefined) return refusal;
    this.#types.add(nameIn(client.namespace, name), client);
    if (this.#options.sharedTypes) this.#groupOf(client.namespace).add(name);
    return undefined;
  }

  #groupOf(namespace: Namespace): TypeGroup {
    const known = this.#groups.get(namespace);
    if (known !== undefined) return known;
    const group = new TypeGroup(namespace);
    this.#groups.set(namespace, group);
    return group;
  }

  #enterSubscription(member: Member, subscription: AutogenSubscription): Failure | undefined {
    const declared = toMeshSubscription(subscription);
    const refusal = member.registrations.subscribe(declared);
    if (refusal !== undefined) return refusal;
    const { session: client } = member;
    this.#patterns.add(nameIn(client.namespace, patternOf(subscription) ?? ""), client);
    this.#subscriptions.set(subscription, client);
    return undefined;
  }

  #forgetSubscription(client: AutogenClient, subscription: AutogenSubscription): void {
    this.#subscriptions.delete(subscription);
    this.#patterns.remove(nameIn(client.namespace, patternOf(subscription) ?? ""), client);
  }

  #ports(): ClientPorts {
    const { clock, router, dispatcher } = this.#parts;
    return {
      clock,
      router,
      dispatcher,
      ready: (client) => {
        dispatcher.workerReady(client.deliveries.worker);
        this.#memberOf(client).registrations.available();
      },
      askState: this.#parts.askState,
      suspended: (client, reason) =>
        this.#parts.logger.emit("session.suspended", { ...fieldsOf(client), reason: reason.text }),
      parked: (client) => {
        this.#parts.counters.sessionsLapsed++;
        this.#withdraw(this.#memberOf(client));
      },
      restored: (client) => this.#restore(this.#memberOf(client)),
      ended: (client, reason) => this.#ended(this.#memberOf(client), reason),
    };
  }

  /** Takes all entries out of the directory. */
  #withdraw({ session: client, registrations, types, subscriptions }: Member): void {
    registrations.clear();
    for (const name of types) this.#types.remove(nameIn(client.namespace, name), client);
    for (const subscription of subscriptions.values())
      this.#forgetSubscription(client, subscription);
  }

  /** Brings back what nobody has taken meanwhile. */
  #restore(member: Member): void {
    const types = [...member.types];
    const subscriptions = [...member.subscriptions.values()];
    member.types.clear();
    member.subscriptions.clear();
    for (const name of types) this.registerType(member.session, name);
    for (const subscription of subscriptions) this.addSubscription(member.session, subscription);
  }

  #ended(member: Member, reason: Failure): void {
    const { session: client } = member;
    this.#withdraw(member);
    this.#members.delete(client);
    this.#byId.delete(`${client.namespace.name}/${client.id}`);
    this.#parts.counters.sessionsEnded++;
    this.#parts.logger.emit("session.ended", { ...fieldsOf(client), reason: reason.text });
    client.namespace.leave();
  }

  #registrationsOf(client: AutogenClient): Registrations {
    return new Registrations(client.namespace, client.deliveries.worker, this.#parts.dispatcher, {
      agentTypes: LIMITS.agentTypesPerSession,
      subscriptions: LIMITS.subscriptionsPerSession,
    });
  }
}

function nameIn({ name }: Namespace, text: string): string {
  return `${name}/${text}`;
}

function fieldsOf({ id, namespace }: AutogenClient): {
  sessionId: string;
  worker: string;
  namespace: string;
} {
  return { sessionId: id, worker: "AutoGen", namespace: namespace.name };
}
