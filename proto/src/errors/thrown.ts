import { LIMITS } from "../limits.ts";
import { cut, type Failure, failure } from "./failure.ts";
import { AppError } from "./mesh-error.ts";

const { errorTextChars, errorDetailsBytes } = LIMITS;

/**
 * What a handler threw, as the failure that its caller is told. It never throws, whatever was thrown: callers in plain
 * JavaScript put anything into the fields of an error.
 */
export function handlerFailure(thrown: unknown): Failure {
  try {
    if (thrown instanceof AppError) return appFailure(thrown);
    if (thrown instanceof Error) return errorFailure(thrown);
    return failure("HANDLER_FAILED", `threw ${String(thrown)}`);
  } catch {
    // An object without a prototype, a getter that throws: there is nothing to tell about it.
    return failure("HANDLER_FAILED", "threw a value that has no text");
  }
}

function errorFailure(error: Error): Failure {
  const text = String(error.message);
  return failure("HANDLER_FAILED", text === "" ? error.name : text, { stack: stackOf(error) });
}

function appFailure(error: AppError): Failure {
  const { details, complaint } = encodeDetails(error.details);
  const text = String(error.message);
  // Of both there is something to read, however long they are.
  const complained = `${cut(text, errorTextChars / 2)} (${complaint})`;
  return failure("APPLICATION", complaint === "" ? text : complained, {
    appCode: String(error.code),
    details,
    stack: stackOf(error),
  });
}

interface EncodedDetails {
  readonly details: Uint8Array | undefined;
  /** Why details are missing; empty when none are. */
  readonly complaint: string;
}

function encodeDetails(details: unknown): EncodedDetails {
  if (details === undefined) return { details: undefined, complaint: "" };
  try {
    const json: string | undefined = JSON.stringify(details);
    if (json === undefined) return without(`JSON has no ${typeof details}`);
    const bytes = Buffer.from(json);
    if (bytes.length <= errorDetailsBytes) return { details: bytes, complaint: "" };
    return without(`${bytes.length} bytes; the most is ${errorDetailsBytes}`);
  } catch (error) {
    return without(firstLine(error instanceof Error ? error.message : String(error)));
  }
}

function without(reason: string): EncodedDetails {
  return { details: undefined, complaint: `its details are left out: ${reason}` };
}

function stackOf(error: Error): string {
  return String(error.stack ?? "");
}

function firstLine(text: string): string {
  return text.split("\n", 1).join("");
}
