/** Gives the items in turn, by number. @throws when there are none. */
export function roundRobin<T>(items: readonly T[]): (turn: number) => T {
  return (turn) => {
    const item = items[turn % items.length];
    if (item === undefined) throw new Error("nothing to take turns with");
    return item;
  };
}
