/** What every store must do, whatever it is made of: run each case against an empty store of its own. */
import { deadLetterCases } from "./dead-letter-cases.ts";
import type { DeadLetterLimits } from "./dead-letter-store.ts";
import { eventLogCases } from "./event-log-cases.ts";
import type { Store } from "./ports.ts";
import { recordCases } from "./record-cases.ts";

/** Makes an empty store with these limits. */
type CreateLimitedStore = (limits: { readonly deadLetters: DeadLetterLimits }) => Promise<Store>;

const ROOM: DeadLetterLimits = { count: 1_000, bytes: 1 << 20 };

/** All cases of all roles. */
export const storeCases: readonly {
  readonly name: string;
  readonly run: (create: CreateLimitedStore) => Promise<void>;
}[] = [
  ...[...eventLogCases, ...recordCases].map(({ name, run }) => ({
    name,
    run: (create: CreateLimitedStore) => run(() => create({ deadLetters: ROOM })),
  })),
  ...deadLetterCases.map(({ name, run }) => ({
    name: `dead letters: ${name}`,
    run: (create: CreateLimitedStore) =>
      run(async (deadLetters) => (await create({ deadLetters })).deadLetters),
  })),
];
