import fc from "fast-check";
import { expect, test } from "vitest";
import { Fifo } from "./fifo.ts";

test("a fifo behaves like an array that is pushed and shifted", () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant("push"), count: fc.nat(90) }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant("shift"), count: fc.nat(90) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("drain"), count: fc.constant(1) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const fifo = new Fifo<number>();
      let model: number[] = [];
      let next = 0;
      for (const { do: what, count } of steps) {
        if (what === "drain") {
          expect(fifo.drain()).toEqual(model);
          model = [];
        }
        for (let times = 0; times < count && what !== "drain"; times++) {
          if (what === "shift") expect(fifo.shift()).toBe(model.shift());
          else {
            fifo.push(next);
            model.push(next++);
          }
        }
        expect(fifo.length).toBe(model.length);
        expect(fifo.first).toBe(model[0]);
        expect(fifo.at(0)).toBe(model[0]);
        expect(fifo.at(model.length - 1)).toBe(model.at(-1));
        expect(fifo.at(model.length)).toBeUndefined();
      }
    }),
  );
});
