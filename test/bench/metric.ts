/** What a row compares: how a measurement becomes its figure, and which way is better. */
import type { LoadMeasurement, Measurement, MemoryMeasurement } from "./scenario.ts";
import { LARGE_BYTES } from "./scenario.ts";

/** The metrics. */
export type MetricName =
  | "rate"
  | "latency"
  | "cost"
  | "throughput"
  | "wire"
  | "peak-memory"
  | "memory-left";

/** One of them. */
export interface Metric {
  readonly unit: string;
  readonly better: "higher" | "lower";
  /** @throws when the measurement is of another kind. */
  readonly figureOf: (measurement: Measurement) => number;
}

const BYTES_PER_MB = 1_000_000;

/** All of them. */
export const METRICS: Readonly<Record<MetricName, Metric>> = {
  rate: {
    unit: "/s",
    better: "higher",
    figureOf: (found) => (load(found).delivered / load(found).elapsedMs) * 1_000,
  },
  latency: { unit: "µs", better: "lower", figureOf: (found) => load(found).p50Us },
  cost: {
    unit: "ns each",
    better: "lower",
    figureOf: (found) => (load(found).elapsedMs / load(found).delivered) * 1_000_000,
  },
  throughput: {
    unit: "MB/s",
    better: "higher",
    figureOf: (found) => {
      const { delivered, elapsedMs } = load(found);
      return (delivered * LARGE_BYTES) / BYTES_PER_MB / (elapsedMs / 1_000);
    },
  },
  wire: { unit: "bytes", better: "lower", figureOf: (found) => load(found).wireBytes },
  "peak-memory": {
    unit: "MB",
    better: "lower",
    figureOf: (found) => memory(found).peakBytes / BYTES_PER_MB,
  },
  "memory-left": {
    unit: "MB",
    better: "lower",
    figureOf: (found) => memory(found).leftBytes / BYTES_PER_MB,
  },
};

function load(measurement: Measurement): LoadMeasurement {
  if (measurement.kind === "load") return measurement;
  throw new Error("memory was measured where a load was expected");
}

function memory(measurement: Measurement): MemoryMeasurement {
  if (measurement.kind === "memory") return measurement;
  throw new Error("a load was measured where memory was expected");
}
