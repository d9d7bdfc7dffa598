import type { AgentId, TopicId } from "@agentmesh/proto";
import type { Message, NoReply, OneReply, StreamReply } from "../messages/message-type.ts";

/** How a send is made. */
export interface SendOptions {
  /** Milliseconds until the send fails with `DEADLINE_EXCEEDED`. Default: what is left of the current turn, or the host's 30 000. */
  readonly timeoutMs?: number | undefined;
  /** Takes the send back; it then fails with `CANCELLED`. Default: nothing does. */
  readonly signal?: AbortSignal | undefined;
  /** Pairs that travel with the message; the handler sees them as `ctx.metadata`. Default: none. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Id of the message; the default is one given by the host. */
  readonly messageId?: string | undefined;
}

/** How a stream of replies is asked for. */
export interface StreamOptions extends Omit<SendOptions, "timeoutMs"> {
  /** Milliseconds until the first chunk and between chunks. Default: the host's 30 000. */
  readonly timeoutMs?: number | undefined;
}

/** How an event is published. */
export interface PublishOptions {
  /**
   * Milliseconds to wait for acceptance; then the publish fails with `DEADLINE_EXCEEDED`, although the event may be accepted
   * all the same. Default: the host's 30 000.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Gives up waiting for acceptance: the publish fails with `CANCELLED`, although the event may be accepted all the same.
   * Default: nothing does.
   */
  readonly signal?: AbortSignal | undefined;
  /** Pairs that travel with the event. Default: none. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Id of the message; the default is one given by the host. */
  readonly messageId?: string | undefined;
}

/** What an agent, a worker and a client can do alike: reach other agents. */
export interface Messenger {
  /**
   * Asks one agent and resolves to its reply. It always settles.
   * @throws MeshError with any code; `outcome` says whether the handler ran.
   */
  send<Input>(
    target: AgentId,
    message: Message<Input, unknown, NoReply>,
    options?: SendOptions,
  ): Promise<void>;
  send<Input, Reply>(
    target: AgentId,
    message: Message<Input, unknown, OneReply<never, Reply>>,
    options?: SendOptions,
  ): Promise<Reply>;
  /**
   * Asks one agent for a stream of replies. Leaving the loop early cancels the handler; a slow reader slows it down.
   * @throws MeshError while iterating.
   */
  stream<Input, Reply>(
    target: AgentId,
    message: Message<Input, unknown, StreamReply<never, Reply>>,
    options?: StreamOptions,
  ): AsyncIterable<Reply>;
  /**
   * Publishes an event to all subscribers of `topic`. Resolves when the host has accepted it.
   * @throws MeshError when it was not accepted.
   */
  publish<Input>(
    topic: TopicId,
    message: Message<Input, unknown, NoReply>,
    options?: PublishOptions,
  ): Promise<void>;
}

/** What a handler knows of the message it handles, and the agent's way to reach others. Valid during its turn. */
export interface AgentContext<State> extends Messenger {
  /** The agent that handles. */
  readonly self: AgentId;
  /** The agent that sent the message; undefined when it came from outside of any agent. */
  readonly sender: AgentId | undefined;
  /** Whether it was sent to this agent or published to a topic. */
  readonly kind: "send" | "event";
  /** The topic of an event; undefined for a send. */
  readonly topic: TopicId | undefined;
  /** Id of the message, the same over all attempts. */
  readonly messageId: string;
  /** Which attempt this is, from 1. */
  readonly attempt: number;
  /**
   * When it was first delivered, in milliseconds since 1970; undefined on the first attempt, where a host that was lost
   * has not noted it, and for a send.
   */
  readonly firstDeliveredAt: number | undefined;
  /**
   * Whether an event may have been delivered before although `attempt` does not count that: a host that was lost may
   * have delivered it, or its publisher sent it again because that host could not say whether it had accepted it. Always
   * false for a send.
   */
  readonly resent: boolean;
  /** When the sender gives up, in milliseconds since 1970; undefined without a deadline. */
  readonly deadline: number | undefined;
  /** Fires when the sender cancels or the deadline passes, when the turn takes too long, and when the worker lost its host. */
  readonly signal: AbortSignal;
  /** Fencing number of this presence of the agent: larger than that of every earlier one. For effects outside of the mesh. */
  readonly activation: number;
  /** Pairs that the sender sent along. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Gives up the order for this event: when the handler returns, the events behind it go on, and this one comes back to
   * the agent after `ms` (1–86 400 000), as the next attempt. What a handler throws counts instead. A durable event
   * becomes a dead letter after `maxAttempts` or its retention, and waits over a restart of the host; another one after
   * 100 times. The last call counts.
   * @throws MeshError `INVALID_ARGUMENT` for a send, whose caller waits, and for another number.
   */
  retryLater(ms: number): void;
  /** The agent's private state; change it in place. Kept while the agent is active. */
  state: State;
}
