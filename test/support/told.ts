/** What a host tells of a failure, read as a stranger to its sources would. */
import { ERROR_TYPE_URL, type Failure, METADATA } from "@agentmesh/proto";
import { decodeFailure, WireReader } from "@agentmesh/proto/wire";
import type { Metadata } from "@grpc/grpc-js";

/** A failure, with the number of the gRPC status beside it. */
export interface Told extends Failure {
  /** `code` of the `google.rpc.Status`. */
  readonly statusCode: number;
  /** `message` of the `google.rpc.Status`. */
  readonly statusText: string;
}

/** The agentmesh.v1.Error in `grpc-status-details-bin`; undefined when there is none. */
export function errorOf(metadata: Metadata): Told | undefined {
  const [bytes] = metadata.get(METADATA.statusDetails);
  if (!Buffer.isBuffer(bytes)) return undefined;
  const reader = new WireReader(bytes);
  let statusCode = 0;
  let statusText = "";
  let failure: Failure | undefined;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) statusCode = reader.varint();
    else if (tag === 0x12) statusText = reader.text();
    else if (tag === 0x1a) failure = readDetail(reader.bytes()) ?? failure;
    else reader.skip(tag);
  }
  return failure === undefined ? undefined : { ...failure, statusCode, statusText };
}

/** A `google.protobuf.Any`. */
function readDetail(bytes: Buffer): Failure | undefined {
  const reader = new WireReader(bytes);
  let typeUrl = "";
  let value: Buffer = Buffer.alloc(0);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) typeUrl = reader.text();
    else if (tag === 0x12) value = reader.bytes();
    else reader.skip(tag);
  }
  return typeUrl === ERROR_TYPE_URL ? decodeFailure(value) : undefined;
}
