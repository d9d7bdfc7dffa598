/**
 * Calls `leave` once and ends this process: on SIGTERM and SIGINT, and when its standard input ends. The last one is
 * how a child learns that who started it is gone, also when that was killed and could tell nobody.
 */
export function leaveWhenTold(leave: () => Promise<void>): void {
  let isLeaving = false;
  const begin = async (): Promise<void> => {
    if (isLeaving) return;
    isLeaving = true;
    await leave();
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, begin);
  process.stdin.on("end", begin).resume();
}
