/** Who holds which name: an agent type, or a subscription. Several may hold one, and one may hold it several times. */
export class Claims<Owner> {
  readonly #owners = new Map<string, Map<Owner, number>>();

  /** Everybody who holds the name. */
  ownersOf(name: string): Owner[] {
    return [...(this.#owners.get(name)?.keys() ?? [])];
  }

  /** Lets `owner` hold the name once more. */
  add(name: string, owner: Owner): void {
    const owners = this.#owners.get(name) ?? new Map<Owner, number>();
    this.#owners.set(name, owners);
    owners.set(owner, (owners.get(owner) ?? 0) + 1);
  }

  /** `owner` holds the name once less. */
  remove(name: string, owner: Owner): void {
    const owners = this.#owners.get(name);
    const count = owners?.get(owner);
    if (owners === undefined || count === undefined) return;
    if (count > 1) owners.set(owner, count - 1);
    else owners.delete(owner);
    if (owners.size === 0) this.#owners.delete(name);
  }
}
