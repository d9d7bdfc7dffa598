import { AgentId } from "@agentmesh/proto";
import type { AnnouncedSubscription } from "../../connection/mesh-port.ts";
import type { LocalAgent } from "./local-delivery.ts";

/** Who is active in the local mesh, and who is subscribed to what. */
export class LocalAgents {
  readonly types = new Set<string>();
  readonly subscriptions = new Map<string, AnnouncedSubscription>();
  /** Authoritative; `#byNumber` is an index of it. */
  readonly #byId = new Map<string, LocalAgent>();
  readonly #byNumber = new Map<number, LocalAgent>();
  #lastNumber: number;

  /** `firstNumber` is one below the first activation number. */
  constructor(firstNumber: number) {
    this.#lastNumber = firstNumber;
  }

  /** The agent, activated when it was not active. */
  activate(type: string, key: string): LocalAgent {
    const text = `${type}/${key}`;
    const known = this.#byId.get(text);
    if (known !== undefined) return known;
    this.#lastNumber++;
    const agent = { id: new AgentId(type, key), number: this.#lastNumber, inFlight: 0 };
    this.#byId.set(text, agent);
    this.#byNumber.set(agent.number, agent);
    return agent;
  }

  /** The agent with this activation; undefined when it has ended. */
  withNumber(number: number): LocalAgent | undefined {
    return this.#byNumber.get(number);
  }

  /** Activation numbers of all agents of a type. */
  numbersOf(type: string): number[] {
    const numbers: number[] = [];
    for (const { id, number } of this.#byId.values()) if (id.type === type) numbers.push(number);
    return numbers;
  }

  /** Ends an activation. */
  end(agent: LocalAgent): void {
    if (this.#byId.get(agent.id.text) === agent) this.#byId.delete(agent.id.text);
    this.#byNumber.delete(agent.number);
  }

  /** Agent types that get the events of a topic type, each once. */
  subscribers(topicType: string): Set<string> {
    const types = new Set<string>();
    for (const { pattern, agentType } of this.subscriptions.values()) {
      const matches =
        "type" in pattern ? pattern.type === topicType : topicType.startsWith(pattern.typePrefix);
      if (matches && this.types.has(agentType)) types.add(agentType);
    }
    return types;
  }
}
