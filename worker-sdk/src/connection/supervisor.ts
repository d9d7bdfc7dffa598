/**
 * Keeps a stream to some host of the mesh: which address, when, and when to give up for good.
 *
 * Phases: `idle` → `dialing` (a stream is made, and welcomed within a limit) → `open` → `waiting` (until the next attempt)
 * → `dialing` …; `closed` from anywhere, for good.
 *
 * 1. Each phase owns its stream and timers; `#enter` stops those of the phase that it leaves.
 * 2. There is at most one stream, and what an earlier one still says is not heard.
 * 3. A refusal that would be met again closes, unless the owner can say less; everything else is tried again for ever.
 * 4. While there is a session to save, waits are short: the owner says how short.
 * 5. Until it is closed, the process stays alive: a worker that waits for its host must not end.
 */
import { type Clock, type Failure, failure, type Timer } from "@agentmesh/proto";
import type { Hello, Welcome } from "@agentmesh/proto/agentmesh/v1";
import type { Address, Route } from "./addresses.ts";
import type { Backoff } from "./backoff.ts";
import { type Access, HostStream } from "./dial.ts";
import { helloBatch, isFatal, readWelcome } from "./handshake.ts";

export interface SupervisorOptions {
  readonly clock: Clock;
  readonly route: Route;
  readonly backoff: Backoff;
  readonly access: Access;
  /** Milliseconds for a host to welcome a stream. */
  readonly handshakeMs: number;
}

/** What the supervisor asks and tells its owner. */
export interface SupervisorPorts {
  /** What to say to a host, and which frames of it have arrived in the session that is resumed. */
  hello(): { readonly hello: Hello; readonly receivedThrough: number };
  /** Milliseconds that the next attempt may wait at most; Infinity when nothing is lost by waiting. */
  longestWaitMs(): number;
  /** A stream was welcomed. @returns false when it cannot be used. */
  welcomed(stream: HostStream, welcome: Welcome, receivedThrough: number): boolean;
  /** A batch has arrived on the welcomed stream. */
  batch(bytes: Buffer): void;
  /** The welcomed stream can take more. */
  drained(): void;
  /** The welcomed stream is gone. */
  streamEnded(reason: Failure): void;
  /** An attempt has failed; another follows. */
  attemptFailed(reason: Failure, address: Address): void;
  /** A host refused what it was told. @returns whether it is told less the next time. */
  concedes(reason: Failure): boolean;
  /** It is no use trying. */
  fatal(reason: Failure): void;
}

type Phase =
  | { readonly kind: "idle" }
  | { readonly kind: "dialing"; readonly stream: HostStream; readonly limit: Timer }
  | { readonly kind: "open"; readonly stream: HostStream; readonly sinceMs: number }
  | { readonly kind: "waiting"; readonly timer: Timer }
  | { readonly kind: "closed" };

/** Any timer that keeps the process alive; what it does does not matter. */
const KEEP_ALIVE_MS = 2 ** 30;
/** Milliseconds for the host to end a stream after a goodbye. */
const FAREWELL_MS = 1_000;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #ports: SupervisorPorts;
  #phase: Phase = { kind: "idle" };
  #keepAlive: NodeJS.Timeout | undefined;

  constructor(options: SupervisorOptions, ports: SupervisorPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** Begins to connect. */
  start(): void {
    this.#keepAlive = setInterval(() => undefined, KEEP_ALIVE_MS);
    this.#dial();
  }

  /** Ends. A welcomed stream that was finished gets a moment to end by itself. */
  async close(): Promise<void> {
    const phase = this.#phase;
    this.#enter({ kind: "closed" });
    if (phase.kind === "dialing") phase.stream.destroy(failure("CLOSED"));
    if (phase.kind === "open") await this.#farewell(phase.stream);
    clearInterval(this.#keepAlive);
  }

  #dial(): void {
    const { clock, route, access, handshakeMs } = this.#options;
    const { hello, receivedThrough } = this.#ports.hello();
    const stream: HostStream = new HostStream(route.next(), access, {
      onBatch: (bytes) => this.#received(stream, bytes),
      onDrain: () => this.#drained(stream),
      onEnd: (reason) => this.#ended(stream, reason),
    });
    const limit = clock.after(handshakeMs, () => {
      stream.destroy(failure("CONNECTION_LOST", `no answer within ${handshakeMs} ms`));
    });
    this.#enter({ kind: "dialing", stream, limit });
    stream.write(helloBatch(hello, receivedThrough));
  }

  #received(stream: HostStream, bytes: Buffer): void {
    const phase = this.#phase;
    if (phase.kind === "open" && phase.stream === stream) this.#ports.batch(bytes);
    else if (phase.kind === "dialing" && phase.stream === stream) this.#welcome(stream, bytes);
  }

  #welcome(stream: HostStream, bytes: Buffer): void {
    const outcome = readWelcome(bytes);
    if (outcome.kind === "failed") {
      stream.destroy(outcome.failure);
      return;
    }
    this.#enter({ kind: "open", stream, sinceMs: this.#options.clock.now() });
    if (!this.#ports.welcomed(stream, outcome.welcome, outcome.receivedThrough)) {
      stream.destroy(
        failure("PROTOCOL_VIOLATION", "host and worker do not agree on what was received"),
      );
    }
  }

  #drained(stream: HostStream): void {
    if (this.#phase.kind === "open" && this.#phase.stream === stream) this.#ports.drained();
  }

  #ended(stream: HostStream, reason: Failure): void {
    const phase = this.#phase;
    if (phase.kind === "dialing" && phase.stream === stream) this.#attemptFailed(stream, reason);
    else if (phase.kind === "open" && phase.stream === stream) {
      this.#options.backoff.lasted(this.#options.clock.now() - phase.sinceMs);
      this.#ports.streamEnded(reason);
      if (this.#phase === phase) this.#wait();
    }
  }

  #attemptFailed(stream: HostStream, reason: Failure): void {
    if (isFatal(reason) && !this.#ports.concedes(reason)) {
      this.#ports.fatal(reason);
      return;
    }
    this.#options.route.advance();
    this.#ports.attemptFailed(reason, stream.address);
    if (this.#phase.kind === "dialing") this.#wait();
  }

  #wait(): void {
    const { clock, backoff } = this.#options;
    const timer = clock.after(backoff.next(this.#ports.longestWaitMs()), () => this.#dial());
    this.#enter({ kind: "waiting", timer });
  }

  /** Resolves when the stream has ended, by the host or, after a moment, by us. */
  async #farewell(stream: HostStream): Promise<void> {
    const { clock } = this.#options;
    await new Promise<void>((resolve) => {
      const timer = clock.after(FAREWELL_MS, () => stream.destroy(failure("CLOSED")));
      stream.whenEnded(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  #enter(next: Phase): void {
    const phase = this.#phase;
    if (phase.kind === "dialing") phase.limit.cancel();
    else if (phase.kind === "waiting") phase.timer.cancel();
    this.#phase = next;
  }
}
