/** A TCP link that takes its time, and counts what passes. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Bytes on their way in one direction, above which the sender has to wait. */
const IN_FLIGHT_BYTES = 64 * 1024 * 1024;

/** A running link. */
export interface Forwarder {
  /** Where to connect to, on loopback. */
  readonly port: number;
  /** Bytes that have passed, both ways. */
  readonly bytes: number;
  /** Takes no more connections. */
  close(): void;
}

/** Forwards connections to `target`, `host:port`; every byte is `delayMs` on its way. */
export async function startForwarder(target: string, delayMs: number): Promise<Forwarder> {
  const { hostname, port } = new URL(`tcp://${target}`);
  let bytes = 0;
  const count = (length: number): void => {
    bytes += length;
  };
  const server = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port) });
    carry(near, far, delayMs, count);
    carry(far, near, delayMs, count);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    get bytes() {
      return bytes;
    },
    close: () => void server.close(),
  };
}

function carry(from: Socket, to: Socket, delayMs: number, count: (bytes: number) => void): void {
  let onTheWay = 0;
  const arrive = (bytes: Buffer): void => {
    onTheWay -= bytes.length;
    if (!to.destroyed) to.write(bytes);
    if (onTheWay + to.writableLength < IN_FLIGHT_BYTES) from.resume();
  };
  from.setNoDelay(true);
  from.on("data", (bytes) => {
    count(bytes.length);
    onTheWay += bytes.length;
    if (onTheWay + to.writableLength >= IN_FLIGHT_BYTES) from.pause();
    if (delayMs === 0) arrive(bytes);
    else setTimeout(arrive, delayMs, bytes);
  });
  from.on("error", () => to.destroy());
  from.on("close", () => to.destroy());
}
