import type { DeadLetterLimits } from "./dead-letter-store.ts";
import { createMemoryStore } from "./memory-store.ts";
import type { Store } from "./ports.ts";

/** Where and how much to keep. */
export interface StoreOptions {
  /** Data folder; undefined to keep everything in memory. */
  readonly data: string | undefined;
  /** Bytes in use on the disk above which no event is taken. */
  readonly dataBytes: number;
  readonly deadLetters: DeadLetterLimits;
}

/** The store that the options ask for. Rejects with `STORE_UNAVAILABLE` when the data folder cannot be used. */
export async function openStore({ data, dataBytes, deadLetters }: StoreOptions): Promise<Store> {
  if (data === undefined) return createMemoryStore({ deadLetters });
  // A host without a data folder does not load the engine.
  const { openEmbeddedStore } = await import("./embedded/embedded-store.ts");
  return openEmbeddedStore(data, { deadLetters, bytes: dataBytes });
}
