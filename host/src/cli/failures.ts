import { MeshError } from "@agentmesh/proto";
import { EXIT } from "./exit-codes.ts";
import { harmless } from "./output/paint.ts";
import { CommandFailure } from "./terminal.ts";

/** Why an address cannot be had, by what the operating system and grpc-js say. */
const ADDRESS_PROBLEMS: readonly (readonly [sign: RegExp, text: string])[] = [
  [/\bEADDRINUSE\b/, "the port is in use"],
  [/\bEADDRNOTAVAIL\b/, "this machine does not have that address"],
  [/\bEACCES\b|\bEPERM\b/, "permission denied; ports below 1024 often need privileges"],
  [/\bENOTFOUND\b|\bEAI_\w+|Name resolution failed/, "the host name does not resolve"],
  [/\bEAFNOSUPPORT\b/, "this machine does not speak that version of IP"],
];

/** Bad options as a failure of usage; everything else as it is. */
export function usageFailure(error: unknown): unknown {
  if (!isInvalid(error)) return error;
  return new CommandFailure(textOf(error), EXIT.usage, { cause: error });
}

/** Why a host with good options did not start. */
export function startFailure(error: unknown, listen: string): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof MeshError && error.code === "STORE_UNAVAILABLE") {
    return new CommandFailure(`data: ${textOf(error)}`, EXIT.config, { cause: error });
  }
  for (const [sign, text] of ADDRESS_PROBLEMS) {
    if (!sign.test(error.message)) continue;
    return new CommandFailure(`cannot listen on ${listen}: ${text}`, EXIT.address, {
      cause: error,
    });
  }
  return isInvalid(error)
    ? new CommandFailure(textOf(error), EXIT.config, { cause: error })
    : error;
}

/** The one line on stderr that says what went wrong: for people, or as JSON for programs. */
export function errorLine(error: unknown, exitCode: number, isJson: boolean): string {
  const text = textOf(error).replace(/^error: /, "");
  const remote = error instanceof MeshError ? error : undefined;
  if (!isJson)
    return harmless(`agentmesh: ${remote === undefined ? "" : `${codesOf(remote)}: `}${text}`);
  const { code, outcome, retryable, retryAfterMs, appCode, details } = remote ?? {};
  return JSON.stringify({
    error: { exitCode, text, code, outcome, retryable, retryAfterMs, appCode, details },
  });
}

/** `APPLICATION SHUT`, where the application has a code of its own. */
function codesOf({ code, appCode }: MeshError): string {
  return appCode === "" ? code : `${code} ${appCode}`;
}

/** The one line that people see, without a stack. */
function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  const line = text.replace(/\s*\n\s*/g, " ").trim();
  return error instanceof MeshError ? line.slice(error.code.length + 2) : line;
}

function isInvalid(error: unknown): error is MeshError {
  return error instanceof MeshError && error.code === "INVALID_ARGUMENT";
}
