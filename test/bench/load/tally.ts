/**
 * How a client learns what its workers have handled: each worker tells it over a socket of its
 * own, in steps. It is beside the system under test and the same for all of them, so that the
 * count costs every contender alike.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Deliveries that are told together. */
const STEP = 64;
/** Milliseconds after which fewer are told, so that the last ones are not forgotten. */
const FLUSH_MS = 2;
/** A note: the worker in the upper byte, the number of deliveries in the others. */
const NOTE_BYTES = 4;
const COUNT_BITS = 24;

/** The client's side. */
export interface TallyReader {
  /** Where workers connect to. */
  readonly port: number;
  /** Deliveries of a worker so far. */
  count(worker: number): number;
  /** Called when a count has grown. */
  onProgress: () => void;
  /** Listens no more. */
  close(): void;
}

/** The worker's side. */
export interface TallyWriter {
  /** Counts one delivery. */
  add(): void;
  /** Ends the connection. */
  close(): void;
}

/** Listens on loopback. */
export async function createTallyReader(): Promise<TallyReader> {
  const counts: number[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    readNotes(
      socket,
      (worker, deliveries) => {
        counts[worker] = (counts[worker] ?? 0) + deliveries;
      },
      () => reader.onProgress(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const reader: TallyReader = {
    port: portOf(server.address()),
    count: (worker) => counts[worker] ?? 0,
    onProgress: () => {},
    close: () => void server.close(),
  };
  return reader;
}

/** Connects a worker to its client. */
export async function createTallyWriter(port: number, worker: number): Promise<TallyWriter> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  let waiting = 0;
  let flushing = false;

  function flush(): void {
    if (waiting === 0) return;
    const note = Buffer.allocUnsafe(NOTE_BYTES);
    note.writeUInt32BE(worker * 2 ** COUNT_BITS + waiting);
    socket.write(note);
    waiting = 0;
  }

  function flushLater(): void {
    if (flushing) return;
    flushing = true;
    setTimeout(() => {
      flushing = false;
      flush();
    }, FLUSH_MS);
  }

  return {
    add() {
      waiting++;
      if (waiting >= STEP) flush();
      else flushLater();
    },
    close: () => void socket.end(),
  };
}

function readNotes(
  socket: Socket,
  note: (worker: number, deliveries: number) => void,
  progress: () => void,
): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (; at + NOTE_BYTES <= bytes.length; at += NOTE_BYTES) {
      const value = bytes.readUInt32BE(at);
      note(value >>> COUNT_BITS, value % 2 ** COUNT_BITS);
    }
    rest = bytes.subarray(at);
    progress();
  });
  // A worker that is ended resets the connection; the bench watches the process itself.
  socket.on("error", () => socket.destroy());
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("no port to listen on");
  return address.port;
}
