/** The messages of `agentmesh.v1` that travel rarely, as ts-proto generates them from the .proto files. */
export * from "../gen/agentmesh/v1/directory.ts";
