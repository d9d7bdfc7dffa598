/** Failures as AutoGen tells them: a text. */
import { ERROR_TABLE, type Failure, failure } from "@agentmesh/proto";
import type { RpcResponse } from "@agentmesh/proto/agents";
import type { Logger } from "../../observability/logger.ts";
import { violationOf } from "../violation.ts";

/** Why a stream ends over what was thrown while a message was taken. What was not thrown on purpose is a defect. */
export function failureOfThrown(error: unknown, logger: Logger): Failure {
  const violation = violationOf(error);
  if (violation !== undefined) return violation;
  const text = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  logger.emit("host.defect", { text, stack });
  return failure("INTERNAL");
}

/** The text of a failure for a worker. What a handler said stands alone, as between those workers; never empty. */
export function errorText({ code, text, appCode }: Failure): string {
  const said = text === "" ? ERROR_TABLE[code].text : text;
  if (code === "HANDLER_FAILED") return said;
  return `${code === "APPLICATION" && appCode !== "" ? appCode : code}: ${said}`;
}

/** What a worker's error response says. */
export function failureOf({ error }: RpcResponse): Failure {
  return failure("HANDLER_FAILED", error === "" ? "the handler failed and gave no reason" : error);
}
