/**
 * The client on AutoGen: `client-process <python> <host>`. A program in Python makes the load; this process stands between
 * it and the bench.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { textArgument } from "../../process/arguments.ts";
import { isNotice, isRunRequest } from "../../process/protocol.ts";
import { reportReady, tellBench } from "../../process/report-to-bench.ts";
import { KEY_COUNT, PAYLOAD_BYTES } from "../../scenario.ts";
import { programOf } from "./programs.ts";

const program = [programOf("client.py"), textArgument(1), `${PAYLOAD_BYTES}`];
// It ends with its input, and so with this process.
const child = spawn(textArgument(0), program, { stdio: ["pipe", "pipe", "inherit"] });
child.on("exit", (code) => process.exit(code ?? 1));
createInterface({ input: child.stdout }).on("line", (line) => {
  const notice: unknown = JSON.parse(line);
  if (!isNotice(notice)) throw new Error(`it says ${line}`);
  if (notice.kind === "ready") reportReady(notice.port);
  else tellBench(notice);
});
process.on("message", (message: unknown) => {
  if (!isRunRequest(message)) return;
  const { scenario, pace } = message;
  child.stdin.write(`${JSON.stringify({ scenario, pace, keys: KEY_COUNT })}\n`);
});
