import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ConnectRequest } from "../../gen/agentmesh/v1/gateway.ts";
import { readWorkerBatch } from "./batch.ts";

const MANUAL = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** The bytes of the worked example: what stands before the explanations. */
function exampleBytes(): Buffer {
  const [, section = ""] = MANUAL.split("\n## Bytes of a batch\n");
  const [, example = ""] = section.split("```");
  const lines = example.split("\n").map((line) => /^((?: *[0-9a-f]{2}\b)*)/.exec(line)?.[1] ?? "");
  return Buffer.from(lines.join("").replaceAll(" ", ""), "hex");
}

test("the bytes in the manual are what it says they are, for generated code as for ours", () => {
  const bytes = exampleBytes();
  const message = ConnectRequest.decode(bytes);
  expect(message).toMatchObject({ firstNumber: 1, receivedThrough: 0 });
  expect(message.frames).toHaveLength(1);
  expect(message.frames[0]?.kind).toMatchObject({
    $case: "send",
    value: {
      request: 1,
      target: { type: "echo", key: "a" },
      timeoutMs: 2_000,
      content: { messageType: "T" },
    },
  });
  const { firstNumber, frames } = readWorkerBatch(bytes);
  expect(firstNumber).toBe(1);
  expect(frames).toMatchObject([{ kind: "send", request: 1, timeoutMs: 2_000 }]);
  expect(bytes).toHaveLength(43);
});
