// A mesh for one test -----------------------------------------------------------------------------

export {
  type CreateHost,
  type TestDeadLetter,
  type TestHost,
  type TestMesh,
  type TestMeshOptions,
  type TestWorkerOptions,
  testMesh,
} from "./test-mesh.ts";

// Time --------------------------------------------------------------------------------------------

export { FakeClock, type FakeClockOptions } from "@agentmesh/proto/testing";

// What has happened -------------------------------------------------------------------------------

export type { Entry, EntryFilter, EntryKind, EntryOutcome, FaultKind } from "./entry.ts";
export type { NextOptions, Recorder } from "./recorder.ts";

// What goes wrong ---------------------------------------------------------------------------------

export type { FaultRule, Faults, InTransit, Leg } from "./faults.ts";
export { type Cut, TcpProxy, type TcpProxyOptions } from "./tcp-proxy.ts";
