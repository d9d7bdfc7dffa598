/** Which scenario or test shows what stands in the notes on AutoGen, row by row. A test keeps it complete and true. */
import { AUTOGEN_RUNTIME } from "../../conformance/requirements/sources.ts";
import { SCENARIOS } from "./scenarios.ts";

/** A test in a file, by words of its name. */
export interface ShownBy {
  readonly file: string;
  readonly title: string;
}

/** What must be shown, beside the tests of AutoGen's distributed runtime. */
const FURTHER = [
  // Appendix C
  "C1",
  "C2",
  "C3",
  "C4",
  "C5",
  "C6",
  // Samples
  "hello",
  "rpc",
  "cascade",
  "group-chat",
  // What must be true of workers in trouble
  "killed",
  "frozen",
  "flooding",
  "garbage",
  "wrong-ids",
  "100000-subscriptions",
  "durable",
] as const;

/** All that must be shown. */
export const SOURCES: readonly string[] = [...AUTOGEN_RUNTIME, ...FURTHER];

/** Scenarios by what they show. */
export const BY_SCENARIO: ReadonlyMap<string, readonly string[]> = group(
  SCENARIOS.flatMap(({ name, source }) => source.split(" ").map((it) => [it, name] as const)),
);

const TYPESCRIPT = "test/interop/python/with-typescript.test.ts";
const SAMPLES = "test/interop/python/samples.test.ts";
const CROSSING = "test/interop/autogen/crossing.test.ts";
const STATES = "test/interop/autogen/states.test.ts";
const FAULTS = "test/interop/autogen/faults.test.ts";

/** What tests show that are no scenarios, because they need more than one host, or TypeScript. */
export const BY_TEST: Readonly<Record<string, readonly ShownBy[]>> = {
  C4: [
    { file: TYPESCRIPT, title: "repeat nothing when their link breaks" },
    { file: TYPESCRIPT, title: "by kill -9 of the host" },
  ],
  C6: [
    { file: CROSSING, title: "an event of a worker of AutoGen" },
    { file: CROSSING, title: "carries protobuf as an Any" },
    { file: STATES, title: "saves and loads the state of an agent in TypeScript" },
    { file: STATES, title: "saves and loads the state of an agent of AutoGen" },
  ],
  hello: [{ file: SAMPLES, title: "hello: " }],
  rpc: [{ file: SAMPLES, title: "rpc: " }],
  cascade: [{ file: SAMPLES, title: "cascade: five workers, five messages, five rounds" }],
  "group-chat": [{ file: SAMPLES, title: "group chat: " }],
  killed: [{ file: TYPESCRIPT, title: "are told so when one is %s" }],
  frozen: [{ file: TYPESCRIPT, title: "are told so when one is %s" }],
  flooding: [{ file: TYPESCRIPT, title: "go on beside one that is flooded and frozen" }],
  garbage: [
    { file: FAULTS, title: "bytes that are no message" },
    { file: TYPESCRIPT, title: "writes what none should" },
  ],
  "wrong-ids": [
    { file: FAULTS, title: "to a request that the client was not asked changes nothing" },
    { file: TYPESCRIPT, title: "writes what none should" },
  ],
  "100000-subscriptions": [
    { file: "test/interop/autogen/flood.test.ts", title: "100 000 subscriptions" },
  ],
  durable: [{ file: TYPESCRIPT, title: "by kill -9 of the host" }],
};

function group(pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [key, value] of pairs) groups.set(key, [...(groups.get(key) ?? []), value]);
  return groups;
}
