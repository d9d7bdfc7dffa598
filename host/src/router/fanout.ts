import type { AgentId, Clock } from "@agentmesh/proto";
import { AgentId as Id, LIMITS } from "@agentmesh/proto";
import type { PublishFrame } from "@agentmesh/proto/wire";
import type { Agent } from "../delivery/agent.ts";
import type { Dispatcher } from "../delivery/dispatcher.ts";
import type { Namespace } from "../delivery/namespace.ts";
import type { Tap } from "../delivery/tap.ts";
import type { Worker } from "../delivery/worker.ts";
import { compact } from "../model/content-copy.ts";
import type { MeshEvent } from "../model/event.ts";
import type { NumberSource } from "../model/number-source.ts";
import { type EventLog, ONLY_PARTITION, type PublisherMark } from "../store/ports.ts";
import { PublisherLines } from "./publisher-lines.ts";
import type { Settling } from "./settling.ts";

/** Who publishes, so that it is recognised when it publishes the same again. */
export interface Publisher {
  /** What it has published with this event, for the store. */
  mark(): Omit<PublisherMark, "namespace">;
}

/** An event that was taken. */
export interface Accepted {
  readonly id: number;
  /** Present when it must be on the disk first: it is accepted when this resolves, refused when it rejects. */
  readonly stored: Promise<void> | undefined;
}

interface Route {
  readonly generation: number;
  readonly ids: readonly AgentId[];
}

/** Takes an accepted event to the agents of all subscriptions that match. */
export class Fanout {
  readonly #clock: Clock;
  readonly #numbers: NumberSource;
  readonly #dispatcher: Dispatcher;
  readonly #settling: Settling;
  readonly #tap: Tap;
  readonly #events: EventLog;
  readonly #lines = new PublisherLines();
  /** Where a topic goes, by the object of its id: ids that arrive again are the same object. */
  readonly #routes = new WeakMap<Namespace, Map<object, Route>>();

  constructor(parts: {
    clock: Clock;
    numbers: NumberSource;
    dispatcher: Dispatcher;
    settling: Settling;
    tap: Tap;
    events: EventLog;
  }) {
    this.#clock = parts.clock;
    this.#numbers = parts.numbers;
    this.#dispatcher = parts.dispatcher;
    this.#settling = parts.settling;
    this.#tap = parts.tap;
    this.#events = parts.events;
  }

  /** Whether as many events wait for others of their publisher, or for the end of settling, as may. */
  get isFull(): boolean {
    return this.#lines.isFull || this.#settling.isFull;
  }

  /**
   * Accepts an event of `sender`, on the worker `from`, and delivers it: at once, unless a durable subscription matches:
   * then when it is on the disk. What the worker has published before is delivered before.
   */
  publish(
    namespace: Namespace,
    frame: PublishFrame,
    sender: Agent | undefined,
    from: Worker | undefined,
    publisher: Publisher | undefined,
  ): Accepted {
    const event = this.#eventOf(frame, sender);
    if (isDurable(namespace, event)) {
      return { id: event.id, stored: this.#store(namespace, [event], from, publisher?.mark()) };
    }
    this.#pass(namespace, event, from);
    return { id: event.id, stored: undefined };
  }

  /**
   * Accepts events together, as {@link publish} does with one: all of them, or none.
   * @returns present when some of them must be on the disk first.
   */
  publishAll(
    namespace: Namespace,
    frames: readonly PublishFrame[],
    sender: Agent | undefined,
    from: Worker | undefined,
    publisher: Publisher | undefined,
  ): Promise<void> | undefined {
    const events = frames.map((frame) => this.#eventOf(frame, sender));
    if (events.some((event) => isDurable(namespace, event))) {
      return this.#store(namespace, events, from, publisher?.mark());
    }
    for (const event of events) this.#pass(namespace, event, from);
    return undefined;
  }

  #eventOf({ topic, content, resent }: PublishFrame, sender: Agent | undefined): MeshEvent {
    return {
      id: this.#numbers.next(),
      topic,
      content,
      sender: sender?.id,
      resent,
      acceptedUnixMs: this.#clock.unixMs(),
      waiting: 0,
      inFlight: 0,
    };
  }

  /** Delivers an event that needs no disk. */
  #pass(namespace: Namespace, event: MeshEvent, from: Worker | undefined): void {
    this.#tap.watcher?.published(event, namespace, from);
    if (this.#lines.isBehind(from)) {
      this.#lines.wait(
        from,
        this.#later(event, () => this.#deliverSettled(namespace, event)),
      );
    } else this.#deliverSettled(namespace, event);
  }

  /** Delivers events when those of them that are durable are on the disk. Rejects when they are not: then none is. */
  async #store(
    namespace: Namespace,
    events: readonly MeshEvent[],
    from: Worker | undefined,
    mark: ReturnType<Publisher["mark"]> | undefined,
  ): Promise<void> {
    const deliveries = events.map((event) =>
      this.#later(event, () => this.#deliverSettled(namespace, event)),
    );
    const durable = events.filter((event) => isDurable(namespace, event));
    const leave = this.#lines.store(from, () => {
      for (const deliver of deliveries) deliver();
    });
    let first: number;
    try {
      first = await this.#append(namespace, durable, mark);
    } catch (error) {
      leave("refused");
      for (const event of events) this.#dispatcher.letGo(event);
      throw error;
    }
    for (const event of events) this.#tap.watcher?.published(event, namespace, from);
    leave("ready");
    for (const [index, event] of durable.entries()) {
      for (const feed of namespace.durable.match(event.topic.type))
        feed.offer(event, first + index);
    }
  }

  #append(
    { name: namespace }: Namespace,
    events: readonly MeshEvent[],
    mark: ReturnType<Publisher["mark"]> | undefined,
  ): Promise<number> {
    const added = events.map((event) => ({ namespace, event }));
    return this.#events.appendAll(ONLY_PARTITION, added, mark && { ...mark, namespace });
  }

  #deliverSettled(namespace: Namespace, event: MeshEvent): void {
    if (this.#settling.isActive) {
      this.#settling.whenSettled(this.#later(event, () => this.#deliver(namespace, event)));
    } else this.#deliver(namespace, event);
  }

  /** Keeps an event that has to wait. @returns what delivers it later, by `deliver`. */
  #later(event: MeshEvent, deliver: () => void): () => void {
    event.content = compact(event.content);
    this.#dispatcher.hold(event);
    return () => {
      this.#dispatcher.letGo(event);
      deliver();
    };
  }

  #deliver(namespace: Namespace, event: MeshEvent): void {
    const agents: Agent[] = [];
    for (const id of this.#route(namespace, event)) {
      const type = namespace.types.get(id.type);
      if (type?.isKnown !== true) this.#dispatcher.drop(event, namespace, id);
      // Who publishes does not receive.
      else if (event.sender?.text !== id.text) agents.push(namespace.agent(id, type));
    }
    if (agents.length > 0) this.#dispatcher.dispatchEvent(event, agents);
  }

  #route(namespace: Namespace, event: MeshEvent): readonly AgentId[] {
    let routes = this.#routes.get(namespace);
    if (routes === undefined) {
      routes = new Map();
      this.#routes.set(namespace, routes);
    }
    const known = routes.get(event.topic);
    const { generation } = namespace.subscriptions;
    if (known?.generation === generation) return known.ids;
    const ids = namespace.subscriptions
      .match(event.topic.type)
      .map((type) => new Id(type, event.topic.source));
    if (routes.size >= LIMITS.cachedTopics) routes.clear();
    routes.set(event.topic, { generation, ids });
    return ids;
  }
}

/** Whether a durable subscription waits for the event. */
function isDurable(namespace: Namespace, event: MeshEvent): boolean {
  return namespace.durable.match(event.topic.type).length > 0;
}
