/** Milliseconds of real time that anything in a test may take, unless it says otherwise. */
export const LIMIT_MS = 5_000;

/** The promise, or an error that says what was awaited when it takes longer: real time, for what no fake clock moves. */
export async function within<Value>(
  promise: Promise<Value>,
  limitMs: number,
  what: () => string,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${limitMs} ms for ${what()}`)), limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets everything else that is ready to run have its turn. */
export function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
