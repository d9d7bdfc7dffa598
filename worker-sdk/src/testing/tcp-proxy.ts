/**
 * A link between a worker and its host that breaks when a test says so: a TCP proxy on loopback.
 *
 * What has been read from one side when the link is cut is lost on its way, as on a real network.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** How a link is cut: by an RST (a process died, a firewall forgot) or by a FIN (someone closed it). */
export type Cut = "reset" | "end";

/** What a link is like. Default: nothing slows it down. */
export interface TcpProxyOptions {
  /** Milliseconds that every byte takes on its way, in either direction. Default 0. */
  readonly delayMs?: number;
  /** Bytes per second that pass in either direction. Default: as many as come. */
  readonly bytesPerSecond?: number;
}

/** A proxy on a free port of loopback; see {@link TcpProxy.accept}. */
export class TcpProxy {
  readonly #target: URL;
  readonly #options: TcpProxyOptions;
  readonly #links = new Set<Link>();
  #server: Server | undefined;
  #port = 0;
  #accepted = 0;
  #bytes = 0;
  #isStalled = false;

  /** `target` is where it leads, `host:port`. It takes nothing before {@link accept}. */
  constructor(target: string, options: TcpProxyOptions = {}) {
    this.#target = new URL(`tcp://${target}`);
    this.#options = options;
  }

  /** Where to connect instead of the target. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Connections that were accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Bytes that were read so far from either side, of all connections. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes connections, again and at the same port after {@link refuse}. @throws Error when the port is taken by then. */
  async accept(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer({ allowHalfOpen: true }, (client) => this.#link(client));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Takes no more connections: who tries is refused. Those that are open stay. */
  refuse(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  /** Cuts all connections that are open. */
  cut(how: Cut): void {
    for (const link of this.#links) link.cut(how);
  }

  /** Passes nothing on in either direction, over connections that are open or come, and keeps them all open. */
  stall(): void {
    this.#isStalled = true;
    for (const link of this.#links) link.stall();
  }

  /** Passes nothing on of what the host says, over the connections that are open. */
  stallHost(): void {
    for (const link of this.#links) link.stallHost();
  }

  /** Passes on what waits, and everything from now on. */
  resume(): void {
    this.#isStalled = false;
    for (const link of this.#links) link.resume();
  }

  /** Cuts everything and takes nothing more. */
  close(): void {
    this.refuse();
    this.cut("reset");
  }

  #link(client: Socket): void {
    this.#accepted++;
    const host = connect({
      host: this.#target.hostname,
      port: Number(this.#target.port),
      allowHalfOpen: true,
    });
    const count = (bytes: number): void => {
      this.#bytes += bytes;
    };
    const link = new Link(client, host, this.#options, count);
    this.#links.add(link);
    link.onGone = () => this.#links.delete(link);
    if (this.#isStalled) link.stall();
  }
}

/** How often a slow link passes something on, in milliseconds. */
const TICK_MS = 20;

/** One connection from a worker and its continuation to the host. */
class Link {
  onGone: () => void = () => undefined;
  readonly #sockets: readonly [Socket, Socket];
  readonly #delayMs: number;
  /** Bytes that pass per tick in either direction. */
  readonly #tickBytes: number;
  readonly #count: (bytes: number) => void;
  #isStalled = false;

  constructor(
    client: Socket,
    host: Socket,
    options: TcpProxyOptions,
    count: (bytes: number) => void,
  ) {
    const { delayMs = 0, bytesPerSecond = Number.POSITIVE_INFINITY } = options;
    this.#sockets = [client, host];
    this.#delayMs = delayMs;
    this.#count = count;
    this.#tickBytes = Math.ceil((bytesPerSecond * TICK_MS) / 1_000);
    this.#carry(client, host);
    this.#carry(host, client);
  }

  cut(how: Cut): void {
    for (const socket of this.#sockets) {
      // A socket that is shutting down cannot be reset: Node would keep its handle for ever.
      if (how === "reset" && !socket.writableEnded) socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  stall(): void {
    this.#isStalled = true;
    for (const socket of this.#sockets) socket.pause();
  }

  stallHost(): void {
    this.#sockets[1].pause();
  }

  resume(): void {
    this.#isStalled = false;
    for (const socket of this.#sockets) socket.resume();
  }

  #carry(from: Socket, to: Socket): void {
    from.setNoDelay(true);
    from.on("data", (bytes) => {
      this.#count(bytes.length);
      if (bytes.length > this.#tickBytes) this.#trickle(bytes, from, to);
      else this.#later(() => this.#pass(bytes, from, to));
    });
    from.on("end", () => this.#later(() => to.end()));
    to.on("drain", () => {
      if (!this.#isStalled) from.resume();
    });
    // One side that is gone takes the other along; its reason is of no interest, `close` follows.
    from.on("error", () => undefined);
    from.on("close", () => {
      to.destroy();
      this.onGone();
    });
  }

  /** Passes bytes on at the speed of the link, and takes no more meanwhile. */
  #trickle(bytes: Buffer, from: Socket, to: Socket): void {
    from.pause();
    if (to.destroyed) return;
    to.write(bytes.subarray(0, this.#tickBytes));
    const rest = bytes.subarray(this.#tickBytes);
    setTimeout(() => {
      if (rest.length > 0) this.#trickle(rest, from, to);
      else from.resume();
    }, TICK_MS);
  }

  #pass(bytes: Buffer, from: Socket, to: Socket): void {
    if (!to.destroyed && !to.write(bytes)) from.pause();
  }

  /** Runs at once or after the delay; all in the order of their calls. */
  #later(run: () => void): void {
    if (this.#delayMs === 0) run();
    else setTimeout(run, this.#delayMs);
  }
}
