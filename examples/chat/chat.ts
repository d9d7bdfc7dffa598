import { agentId, createLocalRuntime, MeshError, topicId } from "@agentmesh/worker-sdk";
import { History, Line, LineAsJson } from "./messages.ts";
import { moderator, room } from "./room.ts";

const KITCHEN = topicId("chat", "kitchen");

/** Lets three people talk. @returns what was heard in the room, and what the moderator said to the third. */
export async function talk(): Promise<string[]> {
  // With connectWorker() in place of createLocalRuntime() the same runs over a host.
  await using runtime = createLocalRuntime();
  runtime.use(moderator);
  await runtime.register(room);

  await runtime.publish(KITCHEN, Line({ author: "ada", text: "IS THERE COFFEE?" }));
  await runtime.publish(KITCHEN, LineAsJson({ author: "bob", text: "in a minute" }));
  const refusal = await runtime
    .publish(KITCHEN, Line({ author: "eve", text: "buy now!" }))
    .catch((error: unknown) => error);
  await runtime.idle();

  const { lines } = await runtime.send(agentId("room", "kitchen"), History({ most: 10 }));
  const heard = lines.map(({ author, text }) => `${author}: ${text}`);
  return refusal instanceof MeshError ? [...heard, refusal.message] : heard;
}
