/** What this SDK calls itself towards hosts. */
export const SDK = { name: "agentmesh-ts", version: "0.1.0" } as const;
