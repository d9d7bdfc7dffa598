/** The relay: hands frames of its client to its worker and back, unread, in batches of its own. */
import { Metadata, Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { reportReady } from "../../process/report-to-bench.ts";
import { FrameOutbox, forEachFrame } from "./frame-batch.ts";
import { CONNECT_METHOD, ROLE_KEY, type Role } from "./relay-stream.ts";

const outboxes = new Map<Role, FrameOutbox>();

const server = new Server();
server.addService({ connect: CONNECT_METHOD }, { connect });
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  reportReady(port);
});

function connect(stream: ServerDuplexStream<Buffer, Buffer>): void {
  const [role] = stream.metadata.get(ROLE_KEY);
  const [here, there]: [Role, Role] =
    role === "client" ? ["client", "worker"] : ["worker", "client"];
  outboxes.set(here, new FrameOutbox((batch) => stream.write(batch)));
  stream.on("data", (batch: Buffer) => {
    const outbox = outboxes.get(there);
    forEachFrame(batch, (frame) => outbox?.push(frame));
  });
  stream.on("end", () => stream.end());
  // A peer that is ended cancels its stream; the bench watches the processes.
  stream.on("error", () => outboxes.delete(here));
  stream.sendMetadata(new Metadata());
}
