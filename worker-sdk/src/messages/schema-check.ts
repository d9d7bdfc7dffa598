import type { StandardSchemaV1 } from "@standard-schema/spec";
import { reasonOf } from "./codec.ts";
import { formatPath } from "./json-path.ts";

/** Says why a value was refused. */
export type Refuse = (reason: string, cause?: unknown) => Error;

const SHOWN_ISSUES = 3;

/**
 * A function that parses values by `schema` and returns the schema's output. It throws what `refuse` makes when the
 * value does not fit, and when the schema answers with a promise: a message is encoded and decoded in one go.
 */
export function schemaParser<Output>(
  schema: StandardSchemaV1<unknown, Output>,
  refuse: Refuse,
): (value: unknown) => Output {
  // Some libraries build this object anew at each access.
  const standard = schema["~standard"];
  return (value) => {
    const result = run(standard, value, refuse);
    if (result.issues) throw refuse(describeIssues(result.issues));
    return result.value;
  };
}

function run<Output>(
  standard: StandardSchemaV1<unknown, Output>["~standard"],
  value: unknown,
  refuse: Refuse,
): StandardSchemaV1.Result<Output> {
  let result: StandardSchemaV1.Result<Output> | Promise<StandardSchemaV1.Result<Output>>;
  try {
    result = standard.validate(value);
  } catch (error) {
    throw refuse(`its schema threw: ${reasonOf(error)}`, error);
  }
  if ("then" in result) {
    // Nobody awaits it: without a handler its rejection would end the process.
    result.then(ignore, ignore);
    throw refuse(
      "its schema returned a promise; use one without asynchronous checks and whose functions do not throw",
    );
  }
  return result;
}

function ignore(): undefined {
  return undefined;
}

function describeIssues(issues: readonly StandardSchemaV1.Issue[]): string {
  const shown = issues.slice(0, SHOWN_ISSUES).map(describeIssue).join("; ");
  const hidden = issues.length - SHOWN_ISSUES;
  return hidden > 0 ? `${shown}; and ${hidden} more` : shown;
}

function describeIssue(issue: StandardSchemaV1.Issue): string {
  const path = formatPath(
    (issue.path ?? []).map((part) => (typeof part === "object" ? part.key : part)),
  );
  return path === "" ? issue.message : `${path}: ${issue.message}`;
}
