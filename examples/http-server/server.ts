/** An HTTP server that answers from the mesh: one client for all requests, no agents in this process. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { agentId, type MeshClient, MeshError } from "@agentmesh/worker-sdk";
import { AskDay, AskWeather, WatchWeather } from "./messages.ts";

/** Milliseconds that a request may take; the agents are told, so that nobody works for a caller who has left. */
const TIMEOUT_MS = 2_000;

/** Milliseconds that the weather may stay as it is: 30 s would be the default between two replies of a stream. */
const CALM_MS = 24 * 3_600_000;

/** A request that was understood. */
interface Question {
  readonly what: string;
  readonly town: string;
  /** Fires when the caller goes away. */
  readonly signal: AbortSignal;
}

/** `GET` of `/weather/<town>`, and of `/day/<town>` and `/watch/<town>` in lines that come as the agent yields them. */
export function weatherServer(client: MeshClient): Server {
  return createServer((request, response) => void serve(client, request, response));
}

/** Answers, whatever happens: nothing that is thrown here may end the process. */
async function serve(client: MeshClient, request: IncomingMessage, response: ServerResponse) {
  try {
    await answer(client, question(request, response), response);
  } catch (error) {
    refuse(response, error);
  }
}

function question(request: IncomingMessage, response: ServerResponse): Question {
  const leaving = new AbortController();
  response.once("close", () => leaving.abort());
  const [what = "", town = ""] = (request.url ?? "").slice(1).split("/");
  return { what, town: decodeURIComponent(town), signal: leaving.signal };
}

async function answer(client: MeshClient, { what, town, signal }: Question, out: ServerResponse) {
  const options = { timeoutMs: TIMEOUT_MS, signal };
  if (what === "weather") {
    const { text } = await client.send(agentId("station", town), AskWeather({}), options);
    out.end(`${text}\n`);
    return;
  }
  if (what === "day") {
    const hours = client.stream(agentId("station", town), AskDay({}), options);
    return writeLines(hours, ({ hour, text }) => `${hour}:00 ${text}`, out, signal);
  }
  if (what === "watch") {
    const watching = { timeoutMs: CALM_MS, signal };
    const changes = client.stream(agentId("station", town), WatchWeather({}), watching);
    return writeLines(changes, ({ text }) => text, out, signal);
  }
  out.writeHead(404).end();
}

/** Writes replies as they come. A caller who reads slowly slows the agent down, instead of filling this process's memory. */
async function writeLines<Reply>(
  replies: AsyncIterable<Reply>,
  line: (reply: Reply) => string,
  out: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  for await (const reply of replies) {
    if (!out.write(`${line(reply)}\n`)) await once(out, "drain", { signal });
  }
  out.end();
}

/** Makes an HTTP status of what went wrong; `code` and `retryable` say all that is needed. */
function refuse(out: ServerResponse, error: unknown): void {
  // Some of the answer has left: all that can still be said is that it is not whole.
  if (out.headersSent) return void out.destroy();
  if (error instanceof URIError) return void out.writeHead(400).end();
  if (!(error instanceof MeshError)) return void out.writeHead(500).end();
  if (error.appCode === "NO_SUCH_TOWN") return void out.writeHead(404).end();
  if (error.code === "INVALID_ARGUMENT") return void out.writeHead(400).end();
  if (error.code === "DEADLINE_EXCEEDED") return void out.writeHead(504).end();
  if (!error.retryable) return void out.writeHead(502).end();
  const seconds = Math.ceil(error.retryAfterMs / 1_000);
  out.writeHead(503, { "retry-after": String(Math.max(1, seconds)) }).end();
}
