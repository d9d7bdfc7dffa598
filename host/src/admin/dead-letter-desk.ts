import { AgentId, failure, MeshError } from "@agentmesh/proto";
import type {
  GetDeadLetterRequest,
  GetDeadLetterResponse,
  ListDeadLettersRequest,
  ListDeadLettersResponse,
  PurgeDeadLettersRequest,
  PurgeDeadLettersResponse,
} from "@agentmesh/proto/agentmesh/v1";
import type { Replays } from "../delivery/replays.ts";
import type { DeadLetterStore } from "../store/dead-letter-store.ts";
import { deadLetterMessage, filterOf } from "./dead-letter-codec.ts";
import { limitOf } from "./page.ts";

/** A page of dead letters, oldest first, without their contents. */
export async function listDeadLetters(
  store: DeadLetterStore,
  namespace: string,
  request: ListDeadLettersRequest,
): Promise<ListDeadLettersResponse> {
  const page = await store.list({
    namespace,
    filter: filterOf(request.filter),
    cursor: request.cursor,
    limit: limitOf(request.limit),
  });
  return {
    deadLetters: page.letters.map((letter) => deadLetterMessage(letter, false)),
    nextCursor: page.nextCursor,
  };
}

/** One dead letter with its content. @throws MeshError `NOT_FOUND`. */
export async function getDeadLetter(
  store: DeadLetterStore,
  namespace: string,
  { id, target }: GetDeadLetterRequest,
): Promise<GetDeadLetterResponse> {
  const key = { namespace, id };
  const letter = await store.get(
    target === undefined ? key : { ...key, target: new AgentId(target.type, target.key) },
  );
  if (letter === undefined)
    throw new MeshError(failure("NOT_FOUND", `there is no dead letter ${id}`));
  return { deadLetter: deadLetterMessage(letter, true) };
}

/** Letters removed in one step. */
const PURGED_PER_STEP = 1_000;

/** Removes dead letters, step by step: messages pass between two steps. */
export async function purgeDeadLetters(
  { store, replays }: { readonly store: DeadLetterStore; readonly replays: Replays },
  namespace: string,
  request: PurgeDeadLettersRequest,
): Promise<PurgeDeadLettersResponse> {
  const filter = filterOf(request.filter);
  let [purged, cursor] = [0, ""];
  do {
    const page = await store.list({ namespace, filter, cursor, limit: PURGED_PER_STEP });
    if (page.letters.length > 0) purged += await store.remove(page.letters);
    replays.forget(page.letters);
    cursor = page.nextCursor;
    await new Promise((resolve) => setImmediate(resolve));
  } while (cursor !== "");
  return { purged };
}
