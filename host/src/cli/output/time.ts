const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
] as const;

/** A duration in its two largest units: `3 h 12 min`. */
export function durationText(ms: number): string {
  const index = UNITS.findIndex(([size]) => ms >= size);
  const first = UNITS[index];
  if (first === undefined) return `${Math.max(0, Math.round(ms))} ms`;
  const [size, unit] = first;
  const whole = `${Math.floor(ms / size)} ${unit}`;
  const next = UNITS[index + 1];
  const rest = next === undefined ? 0 : Math.floor((ms % size) / next[0]);
  return next === undefined || rest === 0 ? whole : `${whole} ${rest} ${next[1]}`;
}

/** An instant for programs: ISO 8601 in UTC. */
export function isoText(unixMs: number): string {
  return new Date(unixMs).toISOString();
}

/** An instant of ISO 8601 for people: `2026-11-20 13:45:02`. */
export function instantText(iso: string): string {
  return iso.slice(0, 19).replace("T", " ");
}

/** Its time of day: `13:45:02.123`. */
export function clockText(iso: string): string {
  return iso.slice(11, 23);
}
