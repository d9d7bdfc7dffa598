/** Levels of log lines, most talkative first. `silent` writes nothing. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;

/** A level of log lines. */
export type LogLevel = (typeof LOG_LEVELS)[number];
