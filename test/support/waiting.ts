/** Waiting for what must come: on an event where there is one, and never longer than a limit that says what was awaited. */

/** Milliseconds of real time that anything in a test may take to arrive. */
const LIMIT_MS = 5_000;

/** The promise, or an error that says what was awaited. */
export async function within<Value>(
  promise: Promise<Value>,
  what: () => string,
  limitMs = LIMIT_MS,
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

/** Resolves when the condition holds; it is looked at in every turn of the event loop. */
export async function until(holds: () => boolean, what: string, limitMs = LIMIT_MS): Promise<void> {
  const last = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > last) throw new Error(`waited ${limitMs} ms for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Asks until the answer is as wanted; the question itself takes its time. @returns that answer. */
export async function eventually<Answer>(
  ask: () => Promise<Answer>,
  isWanted: (answer: Answer) => boolean,
  what: string,
  limitMs = LIMIT_MS,
): Promise<Answer> {
  const last = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
    if (performance.now() > last)
      throw new Error(`waited ${limitMs} ms for ${what}; at last ${JSON.stringify(answer)}`);
  }
}
