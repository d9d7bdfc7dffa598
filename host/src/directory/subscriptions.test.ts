import fc from "fast-check";
import { expect, test } from "vitest";
import { type SubscriptionEntry, Subscriptions } from "./subscriptions.ts";

/** The plainest thing that could be right: a list, and every entry is looked at. */
class Model {
  readonly #declared: { entry: SubscriptionEntry; owner: object }[] = [];

  add(entry: SubscriptionEntry, owner: object): void {
    if (this.#find(entry, owner) < 0) this.#declared.push({ entry, owner });
  }

  remove(entry: SubscriptionEntry, owner: object): void {
    const index = this.#find(entry, owner);
    if (index >= 0) this.#declared.splice(index, 1);
  }

  get size(): number {
    return this.#declared.length;
  }

  match(topicType: string): string[] {
    const types = this.#declared
      .filter(({ entry: { match } }) =>
        match.kind === "exact" ? match.text === topicType : topicType.startsWith(match.text),
      )
      .map(({ entry }) => entry.agentType);
    return [...new Set(types)].toSorted();
  }

  #find(entry: SubscriptionEntry, owner: object): number {
    return this.#declared.findIndex(
      (known) =>
        known.owner === owner &&
        known.entry.agentType === entry.agentType &&
        known.entry.match.kind === entry.match.kind &&
        known.entry.match.text === entry.match.text,
    );
  }
}

const text = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 4 });
const entry = fc.record({
  id: fc.constant("s"),
  match: fc.record({ kind: fc.constantFrom("exact" as const, "prefix" as const), text }),
  agentType: fc.constantFrom("x", "y", "z"),
});
const step = fc.record({ entry, owner: fc.nat(2), isNew: fc.boolean(), topic: text });

test("the index gives what a list of all subscriptions gives, after every change", () => {
  const owners = [{}, {}, {}];
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const index = new Subscriptions();
      const model = new Model();
      for (const { entry: declared, owner, isNew, topic } of steps) {
        const by = owners[owner] ?? {};
        if (isNew) index.add(declared, by);
        else index.remove(declared, by);
        if (isNew) model.add(declared, by);
        else model.remove(declared, by);
        expect(index.size).toBe(model.size);
        for (const asked of [topic, declared.match.text, `${declared.match.text}b`]) {
          expect([...index.match(asked)].toSorted()).toEqual(model.match(asked));
        }
      }
      expect([...index.entries()].length).toBeLessThanOrEqual(model.size);
    }),
  );
});

test("a change is seen by its generation, a repetition changes nothing", () => {
  const index = new Subscriptions();
  const owner = {};
  const news: SubscriptionEntry = {
    id: "s",
    match: { kind: "exact", text: "news" },
    agentType: "a",
  };
  index.add(news, owner);
  const { generation } = index;
  index.add(news, owner);
  index.remove({ ...news, agentType: "b" }, owner);
  index.remove(news, {});
  expect(index.generation).toBe(generation);
  index.remove(news, owner);
  expect(index.generation).not.toBe(generation);
});

test("an answer that is kept is forgotten with the next change", () => {
  const index = new Subscriptions();
  expect(index.match("news")).toEqual([]);
  expect(index.isKnown("news")).toBe(true);
  index.add({ id: "s", match: { kind: "prefix", text: "" }, agentType: "a" }, {});
  expect(index.isKnown("news")).toBe(false);
  expect(index.match("news")).toEqual(["a"]);
});
