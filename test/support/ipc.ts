/** A program's side of the IPC channel to the test, or to whatever else has started it. */
import type { Telling } from "./telling.ts";

/** What the program is to do. Who starts it is of this repository, so its word is taken. */
export function readTask<Task>(): Task {
  return JSON.parse(process.argv[2] ?? "{}");
}

/** Tells the test. */
export function tell<Notice extends Telling>(notice: Notice): void {
  if (process.connected) process.send?.(notice);
}

/** Takes orders; a test that is gone takes its programs along. */
export function listen<Order>(onOrder: (order: Order) => void): void {
  process.on("message", onOrder);
  process.once("disconnect", endWithTest);
}

/** From now on the program ends when nothing is left to do, as every program should. */
export function hangUp(): void {
  process.off("disconnect", endWithTest);
  process.disconnect();
}

function endWithTest(): void {
  process.exit(1);
}
