/** Ports that pass everything on: what looks at messages on their way, or gets in it, overrides what it is about. */
import type { ErrorCode, Failure } from "@agentmesh/proto";
import type {
  AcceptedFrame,
  ChunkFrame,
  DeliverFrame,
  EventFrame,
  PublishFrame,
  ReplyChunkFrame,
  ResultFrame,
  SendFrame,
  StreamCreditFrame,
  TurnEndFrame,
} from "@agentmesh/proto/wire";
import type {
  AnnouncedSubscription,
  AnnouncedType,
  Announcement,
  Downlink,
  LinkStatus,
  MeshLimits,
  Renewal,
  Uplink,
} from "../connection/mesh-port.ts";

/** From a runtime to the mesh. */
export class UplinkPassage implements Uplink {
  protected readonly mesh: Uplink;

  constructor(mesh: Uplink) {
    this.mesh = mesh;
  }

  get contactUntil(): number {
    return this.mesh.contactUntil;
  }

  send(frame: SendFrame): number {
    return this.mesh.send(frame);
  }

  publish(frame: PublishFrame): number {
    return this.mesh.publish(frame);
  }

  turnEnd(frame: TurnEndFrame): void {
    this.mesh.turnEnd(frame);
  }

  done(activation: number, delivery: number): void {
    this.mesh.done(activation, delivery);
  }

  replyChunk(frame: ReplyChunkFrame): void {
    this.mesh.replyChunk(frame);
  }

  streamCredit(request: number, chunks: number, bytes: number): void {
    this.mesh.streamCredit(request, chunks, bytes);
  }

  cancel(request: number): void {
    this.mesh.cancel(request);
  }

  idle(activations: readonly number[]): void {
    this.mesh.idle(activations);
  }

  release(deliveries: readonly number[]): void {
    this.mesh.release(deliveries);
  }

  register(type: AnnouncedType, signal: AbortSignal): Promise<void> {
    return this.mesh.register(type, signal);
  }

  unregister(name: string, signal: AbortSignal): Promise<void> {
    return this.mesh.unregister(name, signal);
  }

  subscribe(subscription: AnnouncedSubscription, signal: AbortSignal): Promise<void> {
    return this.mesh.subscribe(subscription, signal);
  }

  unsubscribe(id: string, signal: AbortSignal): Promise<void> {
    return this.mesh.unsubscribe(id, signal);
  }

  endDurable(name: string, signal: AbortSignal): Promise<void> {
    return this.mesh.endDurable(name, signal);
  }

  drain(): Promise<void> {
    return this.mesh.drain();
  }

  close(): Promise<void> {
    return this.mesh.close();
  }
}

/** From the mesh to a runtime. */
export class DownlinkPassage implements Downlink {
  protected readonly runtime: Downlink;

  constructor(runtime: Downlink) {
    this.runtime = runtime;
  }

  deliver(frame: DeliverFrame): void {
    this.runtime.deliver(frame);
  }

  event(frame: EventFrame): void {
    this.runtime.event(frame);
  }

  result(frame: ResultFrame): void {
    this.runtime.result(frame);
  }

  accepted(frame: AcceptedFrame): void {
    this.runtime.accepted(frame);
  }

  refused(sequence: number, reason: Failure): void {
    this.runtime.refused(sequence, reason);
  }

  chunk(frame: ChunkFrame): void {
    this.runtime.chunk(frame);
  }

  streamCredit(frame: StreamCreditFrame): void {
    this.runtime.streamCredit(frame);
  }

  cancelDelivery(delivery: number, reason: ErrorCode): void {
    this.runtime.cancelDelivery(delivery, reason);
  }

  deactivate(activations: readonly number[]): void {
    this.runtime.deactivate(activations);
  }

  limits(limits: MeshLimits): void {
    this.runtime.limits(limits);
  }

  windows(requestWindow: number, requestWindowBytes: number): void {
    this.runtime.windows(requestWindow, requestWindowBytes);
  }

  flow(isOpen: boolean): void {
    this.runtime.flow(isOpen);
  }

  announce(): Announcement {
    return this.runtime.announce();
  }

  lapsed(): void {
    this.runtime.lapsed();
  }

  resumed(lapsedThrough: number, isReplaying: boolean): void {
    this.runtime.resumed(lapsedThrough, isReplaying);
  }

  replayed(): void {
    this.runtime.replayed();
  }

  renewed(start: Renewal): void {
    this.runtime.renewed(start);
  }

  status(status: LinkStatus): void {
    this.runtime.status(status);
  }

  closed(reason: Failure): void {
    this.runtime.closed(reason);
  }
}
