import {
  Client,
  credentials,
  status as GrpcStatus,
  Server,
  ServerCredentials,
} from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { HEALTH_SERVICE, Health } from "./health.ts";

const GATEWAY = "agentmesh.v1.GatewayService";
const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

const running: (() => void)[] = [];
afterEach(() => {
  for (const stop of running.splice(0).reverse()) stop();
});

async function start(
  maxWatchers?: number,
): Promise<{ health: Health; client: Client; server: Server }> {
  const server = new Server();
  const health = new Health([GATEWAY], maxWatchers);
  health.register(server);
  running.push(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  running.push(() => client.close());
  return { health, client, server };
}

/** A request as any other implementation writes it, with a field that this one does not know. */
function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service);
  return Buffer.concat([Buffer.of(0x10, 5, 0x0a, name.length), name]);
}

/** The status of a response; 0 when it has none. */
function decodeResponse(bytes: Buffer): number {
  return bytes[1] ?? 0;
}

function check(client: Client, service: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const path = `/${HEALTH_SERVICE}/Check`;
    client.makeUnaryRequest(path, encodeRequest, decodeResponse, service, (error, status) => {
      if (error === null) resolve(status);
      else reject(error);
    });
  });
}

function watch(client: Client, service: string) {
  const path = `/${HEALTH_SERVICE}/Watch`;
  const call = client.makeServerStreamRequest(path, encodeRequest, decodeResponse, service);
  // What ends the stream is told by the iterator as well.
  call.on("error", () => {});
  running.push(() => call.cancel());
  return { call, statuses: call[Symbol.asyncIterator]() };
}

describe("Check", () => {
  test.each(["", GATEWAY, HEALTH_SERVICE])("tells that %j serves, until it stops", async (name) => {
    const { client, health } = await start();
    expect(await check(client, name)).toBe(SERVING);
    health.stopServing();
    expect(await check(client, name)).toBe(NOT_SERVING);
  });

  test("does not know other services", async () => {
    const { client } = await start();
    await expect(check(client, "someone.else")).rejects.toMatchObject({
      code: GrpcStatus.NOT_FOUND,
    });
  });
});

describe("Watch", () => {
  test("tells the status at once, its change once, and ends with the host", async () => {
    const { client, health } = await start();
    const { statuses } = watch(client, "");
    expect((await statuses.next()).value).toBe(SERVING);
    health.stopServing();
    health.stopServing();
    expect((await statuses.next()).value).toBe(NOT_SERVING);
    health.close();
    expect(await statuses.next()).toMatchObject({ done: true });
  });

  test("tells of a service that there is none and keeps watching", async () => {
    const { client, health } = await start();
    const { statuses } = watch(client, "someone.else");
    expect((await statuses.next()).value).toBe(SERVICE_UNKNOWN);
    health.stopServing();
    expect((await statuses.next()).value).toBe(SERVICE_UNKNOWN);
  });

  test("lets the server shut down by itself once it is closed", async () => {
    const { client, health, server } = await start();
    const { statuses } = watch(client, "");
    await statuses.next();
    health.close();
    await statuses.return?.();
    client.close();
    await expect(new Promise((resolve) => server.tryShutdown(resolve))).resolves.toBeUndefined();
  });

  test("refuses one more than it can have, and takes another when one has left", async () => {
    const { client } = await start(2);
    const [first, second] = [watch(client, ""), watch(client, "")];
    for (const { statuses } of [first, second]) await statuses.next();
    await expect(watch(client, "").statuses.next()).rejects.toMatchObject({
      code: GrpcStatus.RESOURCE_EXHAUSTED,
    });
    const left = new Promise((resolve) => first.call.once("status", resolve));
    first.call.cancel();
    await left;
    // The host hears of the cancellation before it hears of a call that was made later on the same connection.
    expect(await check(client, "")).toBe(SERVING);
    expect((await watch(client, "").statuses.next()).value).toBe(SERVING);
  });
});
