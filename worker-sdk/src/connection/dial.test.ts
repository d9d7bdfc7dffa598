import { failure } from "@agentmesh/proto";
import { credentials as grpcCredentials } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { FakeHost } from "../test-doubles/fake-host.ts";
import { settled } from "../test-doubles/scripted-mesh.ts";
import { HostStream } from "./dial.ts";
import { join } from "./shared-connections.ts";

test("a stream that ends with an error after its goodbye leaves its connection once", async () => {
  await using host = await FakeHost.start();
  host.refuse = () => failure("UNAUTHENTICATED");
  const credentials = grpcCredentials.createInsecure();
  const { credentials: shared } = join(host.address, credentials);
  const stream = new HostStream(
    host.address,
    { credentials, serverName: undefined, token: undefined },
    { onBatch: () => {}, onDrain: () => {}, onEnd: () => {} },
  );
  const ended = new Promise<void>((resolve) => stream.whenEnded(resolve));
  stream.finish();
  stream.destroy(failure("CLOSED"));
  await ended;
  // The status of the call follows.
  for (let turn = 0; turn < 10; turn++) await settled();
  expect(join(host.address, credentials).credentials).toBe(shared);
});
