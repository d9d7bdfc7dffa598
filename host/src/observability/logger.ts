import {
  type DestinationStream,
  destination,
  type Logger as Pino,
  pino,
  stdTimeFunctions,
} from "pino";
import { EVENTS, type EventFields, type EventName } from "./events.ts";
import type { LogLevel } from "./log-level.ts";

/** Writes the log. Lines are JSON: `{ level, time, event, … }`. */
export interface Logger {
  /** Writes a line when its level is wanted. */
  emit<Name extends EventName>(name: Name, fields: EventFields<Name>): void;
  /** Whether lines of this name are written: for fields that cost something to gather. */
  writes(name: EventName): boolean;
}

/** File descriptor of stderr: stdout belongs to the program that embeds the host. */
const STDERR = 2;

/** A logger that writes lines of this level and above to stderr, or to another stream. */
export function createLogger(level: LogLevel, stream?: DestinationStream): Logger {
  const sink = createSink(level, stream ?? destination({ fd: STDERR, sync: true }));
  return {
    emit(name, fields) {
      const line: object = fields;
      sink[EVENTS[name].level](line, name);
    },
    writes: (name) => sink.isLevelEnabled(EVENTS[name].level),
  };
}

function createSink(level: LogLevel, stream: DestinationStream): Pino {
  const options = {
    level,
    messageKey: "event",
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, stream);
}
