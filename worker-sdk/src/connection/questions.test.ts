import { failure } from "@agentmesh/proto";
import type { WorkerControl } from "@agentmesh/proto/wire";
import { expect, test } from "vitest";
import { Questions } from "./questions.ts";

function asked() {
  const questions = new Questions();
  const sent: WorkerControl[] = [];
  const ask = (signal?: AbortSignal) =>
    questions.ask(
      (request) => ({ $case: "drain", value: { request } }),
      (control) => sent.push(control),
      signal,
    );
  return { questions, sent, ask };
}

test("questions are answered by their numbers, once", async () => {
  const { questions, sent, ask } = asked();
  const [first, second] = [ask(), ask()];
  expect(sent).toMatchObject([{ value: { request: 1 } }, { value: { request: 2 } }]);
  questions.answered(2, undefined);
  questions.answered(1, failure("SUBSCRIPTION_CONFLICT"));
  questions.answered(1, undefined);
  questions.answered(99, undefined);
  await second;
  await expect(first).rejects.toMatchObject({ code: "SUBSCRIPTION_CONFLICT" });
});

test("what has no answer is asked again", () => {
  const { questions, sent, ask } = asked();
  void ask();
  void ask();
  questions.answered(1, undefined);
  questions.askAgain((control) => sent.push(control));
  expect(sent.map((control) => control.value)).toEqual([
    { request: 1 },
    { request: 2 },
    { request: 2 },
  ]);
});

test("what nobody waits for is not asked again", async () => {
  const { questions, sent, ask } = asked();
  const abort = new AbortController();
  const given = ask(abort.signal);
  abort.abort("enough");
  await expect(given).rejects.toBe("enough");
  questions.answered(1, undefined);
  // Whose signal has fired tells the host all the same.
  await expect(ask(abort.signal)).rejects.toBe("enough");
  expect(sent).toHaveLength(2);
  questions.askAgain((control) => sent.push(control));
  expect(sent).toHaveLength(2);
});

test("nothing waits for an answer that cannot come", async () => {
  const { questions, sent, ask } = asked();
  const early = ask();
  questions.close(failure("CLOSED"));
  await expect(early).rejects.toMatchObject({ code: "CLOSED" });
  await expect(ask()).rejects.toMatchObject({ code: "CLOSED" });
  expect(sent).toHaveLength(1);
});
