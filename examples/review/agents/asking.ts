import type { AgentId, Message, MessageType, Messenger, OneReply } from "@agentmesh/worker-sdk";
import { MeshError } from "@agentmesh/worker-sdk";
import { Exchange, topicOf } from "../messages.ts";

/**
 * How long an answer may take. Whoever cannot answer fails at once and a lost worker is noticed by the mesh, so this
 * limit only ends what should never happen.
 */
const ANSWER_LIMIT_MS = 20_000;

/** The side of an agent that asks. */
export interface Asker extends Messenger {
  readonly self: AgentId;
}

/** A question and how it reads in the terminal. */
export interface Question<Input, Reply> {
  readonly path: string;
  readonly message: Message<Input, unknown, OneReply<never, Reply>>;
  readonly question: string;
  readonly answer: (reply: Reply) => string;
}

/**
 * Sends a question to another agent and lets the terminal see the question and what came of it.
 * @throws MeshError when there is no answer.
 */
export async function ask<Input, Reply>(
  asker: Asker,
  target: AgentId,
  { path, message, question, answer }: Question<Input, Reply>,
): Promise<Reply> {
  const tell = (step: "question" | "answer" | "failure", text: string): Promise<void> => {
    const [from, to] = step === "question" ? [asker.self, target] : [target, asker.self];
    const name = nameOf(message.type, step);
    const exchange = { path, step, from: from.type, to: to.type, message: name, text };
    return asker.publish(topicOf(Exchange, path), Exchange(exchange));
  };
  await tell("question", question);
  try {
    const reply = await asker.send(target, message, { timeoutMs: ANSWER_LIMIT_MS });
    await tell("answer", answer(reply));
    return reply;
  } catch (error) {
    if (error instanceof MeshError) await tell("failure", error.message);
    throw error;
  }
}

function nameOf<Reply>(
  type: MessageType<never, unknown, OneReply<never, Reply>>,
  step: "question" | "answer" | "failure",
): string {
  return step === "answer" ? type.reply.type.messageName : type.messageName;
}
