/**
 * GatewayService: from a new gRPC stream to a session. A stream is `greeting` until its Hello has arrived, then it is
 * handed to its session.
 */

import { type Clock, type Failure, failure, LIMITS, PROTOCOL_VERSION } from "@agentmesh/proto";
import { encodeUnnumbered } from "@agentmesh/proto/link";
import { appendHostFrame } from "@agentmesh/proto/wire";
import { Metadata, type ServiceDefinition, type UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Counters } from "../observability/counters.ts";
import type { Logger } from "../observability/logger.ts";
import type { Settling } from "../router/settling.ts";
import type { Authenticator } from "../security/token.ts";
import type { Connections } from "./connections.ts";
import { type Greeting, readGreeting } from "./handshake.ts";
import type { Session } from "./session.ts";
import type { Sessions } from "./sessions.ts";
import { type RawStream, WorkerStream, type WorkerStreamEvents } from "./worker-stream.ts";

/** What Welcome tells of the host. */
export interface WelcomeTerms {
  readonly hostId: string;
  readonly hostVersion: string;
  readonly leaseMs: number;
  readonly sessionGraceMs: number;
  readonly heartbeatMs: number;
  readonly livenessMs: number;
  readonly maxPayloadBytes: number;
  readonly requestWindow: number;
  readonly requestWindowBytes: number;
  readonly replayBytes: number;
  readonly defaultTimeoutMs: number;
  readonly alternateAddresses: readonly string[];
}

interface Parts {
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly settling: Settling;
  readonly authenticator: Authenticator;
  readonly connections: Connections;
  readonly counters: Counters;
  readonly logger: Logger;
}

/** Milliseconds for a stream that is refused to say whose it is. */
const REFUSAL_MS = 1_000;

function ignore(): void {
  // Nothing has been promised to this stream yet. Without a listener grpc-js would raise what a write to it meets.
}

const raw = (bytes: Buffer): Buffer => bytes;

/** The service as grpc-js wants it: batches stay bytes until the session reads them. */
export const gatewayServiceDefinition: ServiceDefinition = {
  Connect: {
    path: "/agentmesh.v1.GatewayService/Connect",
    requestStream: true,
    responseStream: true,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  },
};

export class GatewayService {
  readonly #terms: WelcomeTerms;
  readonly #parts: Parts;
  #draining = false;

  constructor(terms: WelcomeTerms, parts: Parts) {
    this.#terms = terms;
    this.#parts = parts;
  }

  /** What grpc-js calls. */
  get implementation(): UntypedServiceImplementation {
    return { Connect: (call: RawStream) => this.#connect(call) };
  }

  /** Refuses new sessions. */
  drain(): void {
    this.#draining = true;
  }

  #connect(call: RawStream): void {
    const principal = this.#parts.authenticator.authenticate(call.metadata);
    if ("code" in principal) {
      this.#turnAway(call, principal);
      return;
    }
    // The headers leave at once: until then a client may not know whether the stream was taken.
    call.sendMetadata(new Metadata());
    const stream = new WorkerStream(call, this.#parts.connections);
    const impatience = this.#parts.clock.after(LIMITS.greetingMs, () =>
      stream.close(failure("PROTOCOL_VIOLATION", `no Hello within ${LIMITS.greetingMs} ms`)),
    );
    stream.listen({
      onBatch: (bytes) => {
        impatience.cancel();
        this.#greet(stream, bytes);
      },
      onDrain: ignore,
      onLost: () => impatience.cancel(),
    });
  }

  /**
   * Refuses a stream, but first looks whose it is: the session of a worker that is not admitted any more ends at once. Its
   * secret is the resume token.
   */
  #turnAway(call: RawStream, reason: Failure): void {
    const stream = new WorkerStream(call, this.#parts.connections);
    const refuse = (): void => {
      limit.cancel();
      this.#noteRefusal(stream.peer, reason);
      stream.close(reason);
    };
    const limit = this.#parts.clock.after(REFUSAL_MS, refuse);
    stream.listen({
      onBatch: (bytes) => {
        const greeting = readGreeting(bytes);
        const { resumeToken = "", instanceId = "" } =
          greeting.kind === "greeting" ? greeting.hello : {};
        if (resumeToken !== "") this.#parts.sessions.find(resumeToken, instanceId)?.end(reason);
        refuse();
      },
      onDrain: ignore,
      onLost: () => limit.cancel(),
    });
  }

  #greet(stream: WorkerStream, bytes: Buffer): void {
    const outcome = readGreeting(bytes);
    if (outcome.kind === "refused") {
      this.#settle(stream, outcome.failure);
      return;
    }
    const declared = this.#parts.sessions.declare(outcome.hello, outcome.namespace);
    if (declared === undefined) this.#settle(stream, this.#accept(stream, outcome));
    else void this.#acceptDeclared(stream, outcome, declared);
  }

  /** Accepts a worker when its durable subscriptions are on the disk: Welcome says that they are. */
  async #acceptDeclared(
    stream: WorkerStream,
    greeting: Greeting,
    declared: Promise<Failure | undefined>,
  ): Promise<void> {
    stream.pause();
    const refusal = await declared;
    if (!stream.isOpen) return;
    this.#settle(stream, refusal ?? this.#accept(stream, greeting));
    stream.resume();
  }

  /** Ends a stream that is refused. */
  #settle(stream: WorkerStream, refusal: Failure | undefined): void {
    if (refusal === undefined) return;
    this.#noteRefusal(stream.peer, refusal);
    stream.close(refusal);
  }

  #noteRefusal(peer: string, { code, text }: Failure): void {
    this.#parts.counters.failures[code]++;
    this.#parts.logger.emit("call.refused", { peer, method: "Connect", code, text });
  }

  #accept(stream: WorkerStream, greeting: Greeting): Failure | undefined {
    const { hello, receivedThrough } = greeting;
    const known =
      hello.resumeToken === ""
        ? undefined
        : this.#parts.sessions.find(hello.resumeToken, hello.instanceId);
    if (known !== undefined && this.#continue(known, stream, receivedThrough)) return undefined;
    if (this.#draining) return failure("HOST_DRAINING");
    if (hello.resumeToken !== "" && known === undefined) this.#parts.settling.survivorSeen();
    const outcome = this.#parts.sessions.open(hello, greeting.namespace);
    if (outcome.kind === "refused") return outcome.failure;
    this.#start(outcome.session, stream, 0);
    this.#welcome(outcome.session, stream, { resumed: false, adopted: outcome.adopted });
    return undefined;
  }

  #continue(session: Session, stream: WorkerStream, receivedThrough: number): boolean {
    try {
      if (!this.#start(session, stream, receivedThrough)) return false;
    } catch (error) {
      // It acknowledges what was never sent: the token is right but the story is not.
      session.end(
        failure("PROTOCOL_VIOLATION", error instanceof Error ? error.message : String(error)),
      );
      return false;
    }
    this.#parts.counters.sessionsResumed++;
    this.#welcome(session, stream, { resumed: true, adopted: [] });
    return true;
  }

  #start(session: Session, stream: WorkerStream, receivedThrough: number): boolean {
    const events: WorkerStreamEvents = {
      onBatch: (bytes) => this.#receive(session, stream, bytes),
      onDrain: () => session.drained(stream),
      onLost: (reason) => session.streamLost(stream, reason),
    };
    stream.handOver(events);
    return session.attach(stream, receivedThrough);
  }

  /** A batch of a session. What breaks the protocol ends the session that sent it, and nothing else. */
  #receive(session: Session, stream: WorkerStream, bytes: Buffer): void {
    try {
      session.receive(stream, bytes);
    } catch (error) {
      session.fail(error);
    }
  }

  /** Written before anything else of the session, which leaves at the end of this turn of the event loop. */
  #welcome(
    session: Session,
    stream: WorkerStream,
    how: { resumed: boolean; adopted: readonly number[] },
  ): void {
    const { identity } = session;
    const terms = this.#terms;
    const welcome = {
      ...terms,
      version: PROTOCOL_VERSION.max,
      features: [],
      sessionId: identity.sessionId,
      resumeToken: identity.resume ? identity.resumeToken : "",
      resumed: how.resumed,
      lapsedThrough: session.lapsedThrough,
      replayThrough: how.resumed ? session.sentThrough : 0,
      alternateAddresses: [...terms.alternateAddresses],
      adopted: [...how.adopted],
    };
    const frame = { kind: "control", control: { $case: "welcome", value: welcome } } as const;
    stream.write(encodeUnnumbered(appendHostFrame, frame, session.receivedThrough));
    const { sessionId, name: worker, sdk, resume } = identity;
    const fields = { sessionId, worker, namespace: session.namespace.name, peer: stream.peer };
    if (how.resumed) this.#parts.logger.emit("session.resumed", fields);
    else this.#parts.logger.emit("session.opened", { ...fields, sdk, resume });
  }
}
