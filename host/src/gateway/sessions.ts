/**
 * All sessions of the host. Authoritative for which exist and by which token they are resumed.
 */
import { randomBytes, randomUUID } from "node:crypto";
import {
  AgentId,
  type Clock,
  type ErrorCode,
  type Failure,
  failure,
  isKey,
} from "@agentmesh/proto";
import type { Hello, Subscription } from "@agentmesh/proto/agentmesh/v1";
import type { WorkerControl } from "@agentmesh/proto/wire";
import type { Agent } from "../delivery/agent.ts";
import type { Dispatcher } from "../delivery/dispatcher.ts";
import type { DurableSubscriptions } from "../delivery/durable-subscriptions.ts";
import type { Namespace } from "../delivery/namespace.ts";
import type { Namespaces } from "../delivery/namespaces.ts";
import type { NumberSource } from "../model/number-source.ts";
import type { Counters } from "../observability/counters.ts";
import type { Logger } from "../observability/logger.ts";
import type { Router } from "../router/router.ts";
import type { PublisherMark as StoredMark } from "../store/ports.ts";
import { declareDurable, isDurable } from "./durable-codec.ts";
import { PublisherMarks } from "./publisher-marks.ts";
import { type RegistrationLimits, Registrations } from "./registrations.ts";
import { Session, type SessionOptions, type SessionPorts } from "./session.ts";
import { takeControl } from "./session-control.ts";
import type { WorkerMember } from "./worker-session.ts";

export interface SessionsOptions extends SessionOptions, RegistrationLimits {
  /** Sessions at most. */
  readonly maxSessions: number;
  /** Deliveries without ancestors in flight to a worker that does not say how many it takes. */
  readonly maxInFlight: number;
}

interface Parts {
  readonly clock: Clock;
  readonly numbers: NumberSource;
  readonly dispatcher: Dispatcher;
  readonly router: Router;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly durable: DurableSubscriptions;
  readonly namespaces: Namespaces;
}

/** A session with what it announced. */
export interface Member extends WorkerMember {
  readonly session: Session;
}

/** A new session, or why there is none. */
export type OpenOutcome =
  | { readonly kind: "opened"; readonly session: Session; readonly adopted: readonly number[] }
  | { readonly kind: "refused"; readonly failure: Failure };

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #parts: Parts;
  readonly #marks = new PublisherMarks();
  readonly #members = new Map<Session, Member>();
  readonly #byToken = new Map<string, Session>();

  constructor(options: SessionsOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** All sessions. */
  *all(): Generator<Member> {
    yield* this.#members.values();
  }

  get size(): number {
    return this.#members.size;
  }

  /** The session that a worker may resume with this token. */
  find(token: string, instanceId: string): Session | undefined {
    const session = this.#byToken.get(token);
    return session?.identity.instanceId === instanceId ? session : undefined;
  }

  /** Takes up what an earlier host has stored of publishers. */
  restore(marks: readonly StoredMark[]): void {
    this.#marks.restore(marks);
  }

  /** Declares the durable subscriptions of a Hello. @returns undefined when it has none; otherwise why not, later. */
  declare(hello: Hello, namespace: string): Promise<Failure | undefined> | undefined {
    const durable = hello.subscriptions.filter(isDurable);
    return durable.length === 0 ? undefined : this.#declareAll(durable, namespace);
  }

  async #declareAll(
    messages: readonly Subscription[],
    namespace: string,
  ): Promise<Failure | undefined> {
    for (const message of messages) {
      const refusal = await declareDurable(this.#parts.durable, message, namespace);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  /** Opens a session with everything that its Hello announces. */
  open(hello: Hello, namespaceName: string): OpenOutcome {
    const namespace = this.#parts.namespaces.get(namespaceName);
    this.#endForgotten(hello.instanceId, namespace);
    if (this.#members.size >= this.#options.maxSessions) {
      return {
        kind: "refused",
        failure: failure("OVERLOADED", "the host has as many sessions as it may"),
      };
    }
    const session = this.#create(hello, namespace);
    const registrations = new Registrations(namespace, session.worker, this.#parts.dispatcher, {
      agentTypes: this.#options.agentTypes,
      subscriptions: this.#options.subscriptions,
    });
    namespace.join();
    this.#members.set(session, { session, registrations });
    if (hello.resume) this.#byToken.set(session.identity.resumeToken, session);
    const refusal = announce(registrations, hello);
    if (refusal !== undefined) {
      session.end(refusal);
      return { kind: "refused", failure: refusal };
    }
    this.#parts.counters.sessionsOpened++;
    return { kind: "opened", session, adopted: this.#adopt(session, registrations, hello) };
  }

  /** Ends all sessions. */
  endAll(reason: Failure): void {
    for (const session of [...this.#members.keys()]) session.end(reason);
  }

  #create(hello: Hello, namespace: Namespace): Session {
    return new Session(
      {
        sessionId: randomUUID(),
        resumeToken: randomBytes(24).toString("base64url"),
        instanceId: hello.instanceId,
        name: hello.name,
        sdk: `${hello.sdkName} ${hello.sdkVersion}`.trim(),
        labels: hello.labels,
        resume: hello.resume,
        openedUnixMs: this.#parts.clock.unixMs(),
      },
      {
        namespace,
        maxInFlight: hello.maxInFlight === 0 ? this.#options.maxInFlight : hello.maxInFlight,
        mark: this.#marks.of(namespace.name, hello.instanceId),
      },
      this.#options,
      this.#ports(),
    );
  }

  #ports(): SessionPorts {
    const { clock, router, dispatcher } = this.#parts;
    return {
      clock,
      router,
      control: (session, frame) => this.#control(session, frame),
      workerReady: (session) => {
        dispatcher.workerReady(session.worker);
        this.#members.get(session)?.registrations.available();
      },
      defect: (error) => {
        const text = error instanceof Error ? error.message : String(error);
        const stack = error instanceof Error ? (error.stack ?? "") : "";
        this.#parts.logger.emit("host.defect", { text, stack });
      },
      suspended: (session, reason) => {
        this.#parts.logger.emit("session.suspended", { ...fieldsOf(session), reason: reason.text });
      },
      lapsed: (session) => this.#lapsed(session),
      ended: (session, reason) => this.#ended(session, reason),
    };
  }

  #control(session: Session, frame: WorkerControl): void {
    const member = this.#members.get(session);
    if (member === undefined) return;
    if (frame.$case === "drain") {
      const activations = session.worker.activeAgents;
      this.#parts.logger.emit("session.draining", { ...fieldsOf(session), activations });
    }
    takeControl(member, frame, this.#parts);
  }

  #lapsed(session: Session): number {
    const { worker } = session;
    this.#parts.counters.sessionsLapsed++;
    const sizes = { activations: worker.activeAgents, inFlight: worker.inFlight.size };
    this.#parts.logger.emit("session.lapsed", { ...fieldsOf(session), ...sizes });
    this.#parts.dispatcher.workerLost(
      worker,
      failure("WORKER_LOST", lostText(session, "its lease ran out")),
    );
    return this.#parts.numbers.last;
  }

  #ended(session: Session, reason: Failure): void {
    const member = this.#members.get(session);
    this.#members.delete(session);
    this.#byToken.delete(session.identity.resumeToken);
    this.#parts.router.callerGone(session.caller);
    const lost = failure("WORKER_LOST", lostText(session, reason.text));
    this.#parts.dispatcher.workerLost(session.worker, lost, DEPARTURES.has(reason.code));
    member?.registrations.clear();
    this.#parts.counters.sessionsEnded++;
    this.#noteEnd(session, reason);
    session.namespace.leave();
  }

  #noteEnd(session: Session, { code, text }: Failure): void {
    const { logger, counters } = this.#parts;
    if (ORDINARY_ENDS.has(code))
      logger.emit("session.ended", { ...fieldsOf(session), reason: text });
    else {
      counters.failures[code]++;
      logger.emit("session.failed", { ...fieldsOf(session), code, text });
    }
  }

  /**
   * The worker has started anew without its token: what it left behind in this namespace cannot be resumed by anyone. Its
   * stream may still look open: after a cut cable nobody has told the host.
   */
  #endForgotten(instanceId: string, namespace: Namespace): void {
    for (const session of [...this.#members.keys()]) {
      const isIts = session.identity.instanceId === instanceId && session.namespace === namespace;
      if (isIts) session.end(failure("SESSION_SUPERSEDED"));
    }
  }

  #adopt(session: Session, registrations: Registrations, hello: Hello): number[] {
    const { namespace, worker } = session;
    const adopted: number[] = [];
    for (const { number, agent } of hello.activations) {
      const type = agent === undefined ? undefined : registrations.type(agent.type);
      if (agent === undefined || type === undefined || !isKey(agent.key)) continue;
      const target: Agent = namespace.agent(new AgentId(agent.type, agent.key), type);
      if (this.#parts.dispatcher.adopt(target, worker, number)) adopted.push(number);
      else namespace.retire(target);
    }
    return adopted;
  }
}

/** Ends that are nobody's fault. */
const ORDINARY_ENDS: ReadonlySet<ErrorCode> = new Set([
  "CLOSED",
  "HOST_DRAINING",
  "WORKER_LOST",
  "CONNECTION_LOST",
  "SESSION_SUPERSEDED",
]);

/** Ends by the worker's own word or the host's: no message is to blame for them. */
const DEPARTURES: ReadonlySet<ErrorCode> = new Set([
  "CLOSED",
  "HOST_DRAINING",
  "SESSION_SUPERSEDED",
]);

function fieldsOf(session: Session): { sessionId: string; worker: string; namespace: string } {
  const { sessionId, name } = session.identity;
  return { sessionId, worker: name, namespace: session.namespace.name };
}

function announce(registrations: Registrations, hello: Hello): Failure | undefined {
  for (const type of hello.agentTypes) {
    const refusal = registrations.register(type);
    if (refusal !== undefined) return refusal;
  }
  for (const subscription of hello.subscriptions) {
    if (isDurable(subscription)) continue;
    const refusal = registrations.subscribe(subscription);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function lostText(session: Session, reason: string): string {
  const { name, sessionId } = session.identity;
  return `worker ${name === "" ? sessionId : name} was lost: ${reason}`;
}
