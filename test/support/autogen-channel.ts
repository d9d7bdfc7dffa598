/** One raw call of AutoGen's protocol: bytes in, bytes out, and how it ended. */
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type StatusObject,
} from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import { Journal } from "./journal.ts";
import { within } from "./waiting.ts";

const raw = (bytes: Buffer): Buffer => bytes;

/** Headers of a call; a `client-id` that is undefined is left out. */
export interface AutogenHeaders {
  readonly clientId: string | undefined;
  readonly namespace?: string;
}

/** How a call ended. */
export interface AutogenStatus {
  /** Number of the gRPC status. */
  readonly code: number;
  readonly details: string;
}

/** A connection of its own to a host. It closes with the test. */
export function autogenConnection(address: string): Client {
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.max_send_message_length": -1,
  });
  onTestFinished(() => client.close());
  return client;
}

/** Calls a unary method. @returns the bytes of its answer, or how it failed. */
export function callAutogen(
  client: Client,
  method: string,
  headers: AutogenHeaders,
  request: Uint8Array,
): Promise<Buffer | AutogenStatus> {
  const answer = new Promise<Buffer | AutogenStatus>((resolve) => {
    client.makeUnaryRequest(
      `/agents.AgentRpc/${method}`,
      raw,
      raw,
      Buffer.from(request),
      metadataOf(headers),
      (error, response) => {
        if (error === null) resolve(response as Buffer);
        else resolve({ code: error.code, details: error.details });
      },
    );
  });
  return within(answer, () => `the answer to ${method}`);
}

/** A stream whose messages are bytes. */
export class AutogenChannel {
  /** What has arrived. */
  readonly arrived = new Journal<Buffer>("the channel");
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #opened: Promise<void>;
  readonly #ended: Promise<AutogenStatus>;
  #end: AutogenStatus | undefined;

  constructor(client: Client, method: string, headers: AutogenHeaders) {
    this.#call = client.makeBidiStreamRequest(
      `/agents.AgentRpc/${method}`,
      raw,
      raw,
      metadataOf(headers),
    );
    this.#opened = new Promise((resolve) => this.#call.once("metadata", () => resolve()));
    this.#ended = new Promise((resolve) => {
      this.#call.once("status", ({ code, details }: StatusObject) => {
        this.arrived.close(`the stream has ended: ${code} ${details}`);
        this.#end = { code, details };
        resolve(this.#end);
      });
    });
    // The status says it all; without a listener the process would end.
    this.#call.on("error", () => {});
    this.#call.on("data", (bytes: Buffer) => this.arrived.add(bytes));
  }

  /** Resolves when the host has sent its headers. */
  get opened(): Promise<void> {
    return within(this.#opened, () => "the headers of the host");
  }

  /** How the stream ended; undefined while it is open. */
  get end(): AutogenStatus | undefined {
    return this.#end;
  }

  /** Resolves with the end of the stream. */
  get ended(): Promise<AutogenStatus> {
    return within(this.#ended, () => "the end of the channel", 10_000);
  }

  write(bytes: Uint8Array): void {
    this.#call.write(Buffer.from(bytes));
  }

  /** Writes no more and still reads. */
  halfClose(): void {
    this.#call.end();
  }

  /** Reads no more. */
  pause(): void {
    this.#call.pause();
  }

  /** Reads on. */
  resume(): void {
    this.#call.resume();
  }

  /** Leaves as AutoGen's workers do. */
  cancel(): Promise<AutogenStatus> {
    this.#call.cancel();
    return this.ended;
  }
}

function metadataOf({ clientId, namespace }: AutogenHeaders): Metadata {
  const metadata = new Metadata();
  if (clientId !== undefined) metadata.set("client-id", clientId);
  if (namespace !== undefined) metadata.set("agentmesh-namespace", namespace);
  return metadata;
}
