/** Who holds which name: an agent type, or a subscription. Several may hold one where types are shared. */
export class Claims<Owner> {
  readonly #owners = new Map<string, Set<Owner>>();

  /** Everybody who holds the name. */
  ownersOf(name: string): ReadonlySet<Owner> {
    return this.#owners.get(name) ?? new Set();
  }

  /** Lets `owner` hold the name. */
  add(name: string, owner: Owner): void {
    const owners = this.#owners.get(name);
    if (owners === undefined) this.#owners.set(name, new Set([owner]));
    else owners.add(owner);
  }

  /** `owner` holds the name no more. */
  remove(name: string, owner: Owner): void {
    const owners = this.#owners.get(name);
    owners?.delete(owner);
    if (owners?.size === 0) this.#owners.delete(name);
  }
}
