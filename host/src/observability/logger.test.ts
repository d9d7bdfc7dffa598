import { describe, expect, test } from "vitest";
import { EVENTS, type EventName } from "./events.ts";
import type { LogLevel } from "./log-level.ts";
import { createLogger } from "./logger.ts";

function recording(level: LogLevel) {
  const lines: string[] = [];
  const logger = createLogger(level, { write: (line) => lines.push(line) });
  return { logger, lines };
}

const DROPPED = { id: 7, namespace: "default", target: "oracle/delphi" };

describe("the log", () => {
  test("is one JSON object per event, with its name, level and fields", () => {
    const { logger, lines } = recording("info");
    logger.emit("host.draining", { graceMs: 500, sessions: 2 });
    expect(lines).toHaveLength(1);
    const { time, ...rest } = JSON.parse(lines[0] ?? "");
    expect(rest).toEqual({ level: "info", event: "host.draining", graceMs: 500, sessions: 2 });
    expect(new Date(time).toISOString()).toBe(time);
  });

  test("leaves out what is below its level", () => {
    const { logger, lines } = recording("warn");
    logger.emit("host.closed", { uptimeMs: 1 });
    logger.emit("host.defect", { text: "oops", stack: "" });
    expect(lines).toHaveLength(1);
    expect(logger.writes("host.closed")).toBe(false);
    expect(logger.writes("host.defect")).toBe(true);
  });

  test("tells details of messages only where debug is wanted", () => {
    const [quiet, talkative] = [recording("info"), recording("debug")];
    for (const { logger } of [quiet, talkative]) logger.emit("event.dropped", DROPPED);
    expect([quiet.lines.length, talkative.lines.length]).toEqual([0, 1]);
  });

  test("is empty when silent", () => {
    const { logger, lines } = recording("silent");
    logger.emit("host.defect", { text: "oops", stack: "" });
    expect(lines).toEqual([]);
  });

  test("calls every event by words with a dot", () => {
    for (const name of Object.keys(EVENTS) as EventName[]) expect(name).toMatch(/^[a-z]+\.[a-z]+$/);
  });
});
