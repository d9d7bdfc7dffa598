import { LIMITS } from "../limits.ts";
import { type Failure, failure } from "./failure.ts";
import { AppError } from "./mesh-error.ts";

/** What a failure may carry at most, so that no error grows into a frame that the stream cannot take. */
const { errorTextChars, errorStackChars, errorDetailsBytes } = LIMITS;

/** What a handler threw, as the failure that its caller is told. It never throws, whatever was thrown. */
export function handlerFailure(thrown: unknown): Failure {
  try {
    if (thrown instanceof AppError) return appFailure(thrown);
    if (thrown instanceof Error) return errorFailure(thrown);
    return failure("HANDLER_FAILED", cut(`threw ${String(thrown)}`, errorTextChars));
  } catch {
    // An object without a prototype, a getter that throws: there is nothing to tell about it.
    return failure("HANDLER_FAILED", "threw a value that has no text");
  }
}

function errorFailure(error: Error): Failure {
  const text = cut(error.message, errorTextChars);
  return failure("HANDLER_FAILED", text === "" ? error.name : text, { stack: stackOf(error) });
}

function appFailure(error: AppError): Failure {
  const { details, complaint } = encodeDetails(error.details);
  const text = cut(error.message, errorTextChars);
  return failure("APPLICATION", complaint === "" ? text : `${text} (${complaint})`, {
    appCode: cut(error.code, errorTextChars),
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
  return cut(error.stack ?? "", errorStackChars);
}

/** Callers in plain JavaScript put anything into the fields of an error. */
function cut(value: unknown, most: number): string {
  const text = String(value);
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

function firstLine(text: string): string {
  return text.split("\n", 1).join("");
}
