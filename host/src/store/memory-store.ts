import { failure, MeshError } from "@agentmesh/proto";
import type { NumberNotes } from "../model/number-source.ts";
import type { DeadLetterLimits } from "./dead-letter-store.ts";
import { MemoryAgentStates } from "./memory-agent-states.ts";
import { MemoryDeadLetters } from "./memory-dead-letters.ts";
import { MemoryEventLog } from "./memory-event-log.ts";
import { MemorySubscriptions } from "./memory-subscriptions.ts";
import type { PublisherMark, Store } from "./ports.ts";

/** A store that forgets everything when the process ends. */
export function createMemoryStore(limits: { readonly deadLetters: DeadLetterLimits }): Store {
  /** The one that changed last is the last. */
  const marks = new Map<string, PublisherMark>();
  const note = (mark: PublisherMark): void => {
    const text = `${mark.namespace}/${mark.instance}`;
    marks.delete(text);
    marks.set(text, mark);
  };
  return {
    isDurable: false,
    events: new MemoryEventLog(note),
    subscriptions: new MemorySubscriptions(),
    publishers: { latest: async (limit) => [...marks.values()].reverse().slice(0, limit) },
    numbers: memoryNotes(),
    states: new MemoryAgentStates(),
    deadLetters: new MemoryDeadLetters(limits.deadLetters),
    usedBytes: () => 0,
    onBroken() {
      // Memory does not break.
    },
    async backup() {
      const text = "this host keeps everything in memory: start it with a data folder";
      throw new MeshError(failure("UNIMPLEMENTED", text));
    },
    async close() {
      // Nothing waits, and nothing is held.
    },
  };
}

function memoryNotes(): NumberNotes {
  let noted = 0;
  return {
    noted: async () => noted,
    async note(number) {
      noted = Math.max(noted, number);
    },
  };
}
