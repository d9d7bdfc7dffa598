import { isAgentType, parseAgentId } from "@agentmesh/proto";

/** Which agents a filter wants. */
export interface AgentFilter {
  readonly agentType: string | undefined;
  readonly agentKey: string | undefined;
}

/** Reads `type` or `type/key`. @throws MeshError `INVALID_ARGUMENT`. */
export function agentFilter(text: string | undefined): AgentFilter {
  if (text === undefined) return { agentType: undefined, agentKey: undefined };
  if (isAgentType(text)) return { agentType: text, agentKey: undefined };
  const { type, key } = parseAgentId(text);
  return { agentType: type, agentKey: key };
}
