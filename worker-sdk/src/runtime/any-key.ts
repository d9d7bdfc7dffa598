import { AgentId, checkAgentType } from "@agentmesh/proto";

/**
 * Names whatever agent of a type has the least to do: for sends to agents that keep no state.
 * @throws MeshError `INVALID_ARGUMENT` when the type breaks the grammar.
 */
export function anyKey(type: string): AgentId {
  checkAgentType(type);
  return new AgentId(type, "");
}
