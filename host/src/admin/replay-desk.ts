/** Sends dead letters on their way again, slice by slice: the cursor goes from the first to those of the beginning. */
import {
  AgentId,
  type Failure,
  failure,
  invalid,
  isAgentType,
  isKey,
  MeshError,
  quote,
} from "@agentmesh/proto";
import type {
  AgentIdMessage,
  ReplayDeadLettersRequest,
  ReplayDeadLettersResponse,
  ReplayRefusal,
} from "@agentmesh/proto/agentmesh/v1";
import { toErrorMessage } from "@agentmesh/proto/wire";
import type { Replays } from "../delivery/replays.ts";
import type { DeadLetter } from "../model/dead-letter.ts";
import type { DeadLetterFilter, DeadLetterStore } from "../store/dead-letter-store.ts";
import { agentMessage, filterOf } from "./dead-letter-codec.ts";
import { limitOf } from "./page.ts";

/** Ids that one request may name. */
const MOST_IDS = 1_000;

export interface ReplayDeskParts {
  readonly store: DeadLetterStore;
  readonly replays: Replays;
  readonly isDraining: () => boolean;
}

/**
 * Replays a slice of dead letters. @throws MeshError `INVALID_ARGUMENT` for a target or cursor that is none,
 * `HOST_DRAINING`.
 */
export async function replayDeadLetters(
  { store, replays, isDraining }: ReplayDeskParts,
  namespace: string,
  request: ReplayDeadLettersRequest,
): Promise<ReplayDeadLettersResponse> {
  if (isDraining()) throw new MeshError(failure("HOST_DRAINING"));
  checkTarget(request.target);
  const filter = filterOf(request.filter);
  if ((filter.ids?.size ?? 0) > MOST_IDS) throw invalid(`a replay names at most ${MOST_IDS} ids`);
  const isFirst = request.cursor === "";
  const { through, cursor } = isFirst
    ? { through: await store.end(), cursor: "" }
    : readPlace(request.cursor);
  const limit = limitOf(request.limit);
  const page = await store.list({ namespace, filter, cursor, through, limit });
  const requests = page.letters
    .filter(({ replayTarget }) => replayTarget === undefined)
    .map((letter) => ({ letter, to: targetOf(letter, request.target) }));
  const outcomes = await replays.start(requests);
  const refusals = isFirst ? await unknownIds(store, namespace, filter) : [];
  let replayed = 0;
  for (const [index, outcome] of outcomes.entries()) {
    const letter = requests[index]?.letter;
    if (outcome.kind === "started") replayed++;
    if (outcome.kind === "refused" && letter !== undefined)
      refusals.push(refusalOf(letter, outcome.failure));
  }
  const nextCursor = page.nextCursor === "" ? "" : `${through}.${page.nextCursor}`;
  return { replayed, nextCursor, refusals };
}

/** Letters that arrive after the first slice, because they fail again for example, belong to none. */
function readPlace(cursor: string): { readonly through: string; readonly cursor: string } {
  const [through, place, ...rest] = cursor.split(".");
  if (through === undefined || place === undefined || rest.length > 0)
    throw invalid(`cursor ${quote(cursor)} is none of this list's`);
  return { through, cursor: place };
}

function checkTarget(target: AgentIdMessage | undefined): void {
  if (target === undefined) return;
  if (!isAgentType(target.type))
    throw invalid(`agent type ${quote(target.type)} breaks the grammar`);
  if (target.key !== "" && !isKey(target.key))
    throw invalid(`agent key ${quote(target.key)} is longer than 512 bytes`);
}

function targetOf({ target }: DeadLetter, wanted: AgentIdMessage | undefined): AgentId {
  if (wanted === undefined) return target;
  return new AgentId(wanted.type, wanted.key === "" ? target.key : wanted.key);
}

async function unknownIds(
  store: DeadLetterStore,
  namespace: string,
  { ids = new Set() }: DeadLetterFilter,
): Promise<ReplayRefusal[]> {
  const asked = [...ids];
  const letters = await Promise.all(asked.map((id) => store.get({ namespace, id })));
  return asked
    .filter((_, index) => letters[index] === undefined)
    .map((id) => {
      const reason = failure("NOT_FOUND", `there is no dead letter ${id}`);
      return { id, target: undefined, error: toErrorMessage(reason) };
    });
}

function refusalOf({ id, target }: DeadLetter, reason: Failure): ReplayRefusal {
  return { id, target: agentMessage(target), error: toErrorMessage(reason) };
}
