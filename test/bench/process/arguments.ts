/**
 * The arguments of the bench's own processes: they are started by the bench only, so all are
 * there.
 */

/** The argument at `index`, counted after the module. @throws when it is missing. */
export function textArgument(index: number): string {
  const value = process.argv[2 + index];
  if (value === undefined) throw new Error(`argument ${index} is missing`);
  return value;
}

/** The same as a number. */
export function numberArgument(index: number): number {
  return Number(textArgument(index));
}
