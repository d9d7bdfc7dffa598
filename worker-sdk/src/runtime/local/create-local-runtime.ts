import { type Clock, systemClock } from "@agentmesh/proto";
import { NO_TAP, type Tap } from "../../connection/mesh-port.ts";
import { RuntimeCore } from "../core.ts";
import { AgentRuntime } from "../runtime.ts";
import { resolveTurns, type TurnOptions } from "../turn-options.ts";
import type { LocalDeadLetter } from "./dead-letters.ts";
import { LocalMesh } from "./local-mesh.ts";

/** Options of {@link createLocalRuntime}. All may be left out. */
export interface LocalRuntimeOptions extends TurnOptions {
  /** Where time comes from. Default: the clock of this machine. */
  readonly clock?: Clock | undefined;
}

/** A runtime in the memory of this process. */
export class LocalRuntime extends AgentRuntime {
  readonly #mesh: LocalMesh;

  /** Use {@link createLocalRuntime}. */
  constructor(core: RuntimeCore, mesh: LocalMesh) {
    super(core);
    this.#mesh = mesh;
  }

  /**
   * Messages that could not be handled: events that failed, and sends whose turn was abandoned. Oldest first; the latest
   * 10 000 are kept.
   */
  deadLetters(): LocalDeadLetter[] {
    return this.#mesh.deadLetters();
  }

  /** Resolves when no message is on its way, waits or is handled: everything that was sent has had its effect. Never fails. */
  idle(): Promise<void> {
    return this.#mesh.quiet();
  }
}

/**
 * Makes a runtime that runs agents in this process, without a host: for development, tests and programs that fit on one
 * machine. Agents cannot tell it from a mesh: messages are encoded and decoded, and never handled within the call that
 * sends them. It keeps the process alive only while messages are on their way.
 * @throws MeshError `INVALID_ARGUMENT` naming the option that is out of range.
 */
export function createLocalRuntime(options: LocalRuntimeOptions = {}): LocalRuntime {
  return tapLocalRuntime(options, NO_TAP);
}

/** {@link createLocalRuntime} with something between the runtime and its mesh. */
export function tapLocalRuntime(options: LocalRuntimeOptions, tap: Tap): LocalRuntime {
  const clock = options.clock ?? systemClock;
  let mesh: LocalMesh | undefined;
  const core = new RuntimeCore({ clock, ...resolveTurns(options) }, (runtime) =>
    tap(runtime, (downlink) => {
      mesh = new LocalMesh(clock, downlink);
      return mesh;
    }),
  );
  if (mesh === undefined)
    throw new Error("what is between a runtime and its mesh must connect them");
  mesh.open();
  return new LocalRuntime(core, mesh);
}
