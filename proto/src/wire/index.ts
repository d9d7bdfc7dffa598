export {
  BATCH_BYTES,
  BATCH_FRAMES,
  BATCH_HEAD_BYTES,
  openBatch,
  readHostBatch,
  readWorkerBatch,
  setFirstNumber,
  setReceivedThrough,
} from "./batch.ts";
export { type Content, decodeContent, encodeContent } from "./content.ts";
export { contentProblem } from "./content-check.ts";
export { decodeFailure, encodeFailure, fromErrorMessage, toErrorMessage } from "./errors.ts";
export { NO_CONTENT } from "./fields.ts";
export {
  type AcceptedFrame,
  type Batch,
  type CancelDeliveryFrame,
  type CancelFrame,
  type ChunkFrame,
  type ContentBytes,
  type ControlFrame,
  type DeliverFrame,
  DONE,
  type DoneFrame,
  type Ending,
  type EventFrame,
  type EventTarget,
  type HostControl,
  type HostFrame,
  type Postponed,
  type PublishFrame,
  type ReplyChunkFrame,
  type ResultFrame,
  type SendFrame,
  type StreamCreditFrame,
  type TurnEndFrame,
  type WorkerControl,
  type WorkerFrame,
} from "./frames.ts";
export { appendHostFrame } from "./host-frames.ts";
export { readAgentId, readTopicId } from "./names.ts";
export { WireReader } from "./reader.ts";
export { type CallStatus, failureOfStatus } from "./status-failure.ts";
export { appendWorkerFrame } from "./worker-frames.ts";
export { WireWriter } from "./writer.ts";
