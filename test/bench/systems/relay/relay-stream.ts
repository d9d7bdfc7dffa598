/** The relay's one method, a stream of raw batches both ways, and how its peers dial it. */
import { once } from "node:events";
import { Client, type ClientDuplexStream, credentials, Metadata } from "@grpc/grpc-js";
import { FrameOutbox, forEachFrame } from "./frame-batch.ts";

/** Who dials. */
export type Role = "client" | "worker";

/** Metadata key of the role. */
export const ROLE_KEY = "role";

/** The method, without any serialization. */
export const CONNECT_METHOD = {
  path: "/bench.Relay/Connect",
  requestStream: true,
  responseStream: true,
  requestSerialize: raw,
  requestDeserialize: raw,
  responseSerialize: raw,
  responseDeserialize: raw,
} as const;

/** An open stream to the relay. */
export interface RelayLink {
  push(frame: Uint8Array): void;
}

/**
 * Dials the relay; `receive` gets every frame. The result of `write` is ignored: the window of the
 * load bounds what is under way.
 */
export async function dialRelay(
  address: string,
  role: Role,
  receive: (frame: Buffer, link: RelayLink) => void,
): Promise<RelayLink> {
  const options = { "grpc.enable_retries": 0 };
  const client = new Client(address, credentials.createInsecure(), options);
  const metadata = new Metadata();
  metadata.set(ROLE_KEY, role);
  const { path } = CONNECT_METHOD;
  const stream: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(
    path,
    raw,
    raw,
    metadata,
  );
  const link = new FrameOutbox((batch) => stream.write(batch));
  stream.on("data", (batch: Buffer) => forEachFrame(batch, (frame) => receive(frame, link)));
  // The relay answers with its headers when it knows the stream.
  await once(stream, "metadata");
  return link;
}

function raw(bytes: Buffer): Buffer {
  return bytes;
}
