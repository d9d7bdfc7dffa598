import { connectAdmin } from "@agentmesh/worker-sdk";

/** A message that could not be handled, as the terminal shows it. */
export interface DeadLetterLine {
  /** The agent that it was for, as `type/key`. */
  readonly target: string;
  readonly messageType: string;
  /** Code of what failed, and one sentence about it. */
  readonly code: string;
  readonly text: string;
}

/** The dead letters of the host at `address`. */
export async function readDeadLetters(address: string): Promise<readonly DeadLetterLine[]> {
  await using admin = await connectAdmin({ host: address });
  const lines: DeadLetterLine[] = [];
  for await (const { target, messageType, reason } of admin.deadLetters()) {
    lines.push({ target: target.text, messageType, code: reason.code, text: reason.text });
  }
  return lines;
}
