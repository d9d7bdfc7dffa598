import type { Store } from "./ports.ts";

/** Makes an empty store that has room for everything in these cases. */
export type CreateStore = () => Promise<Store>;

/** One thing that every store must do. */
export interface StoreCase {
  readonly name: string;
  /** Rejects with an AssertionError when it does not hold. */
  readonly run: (create: CreateStore) => Promise<void>;
}
