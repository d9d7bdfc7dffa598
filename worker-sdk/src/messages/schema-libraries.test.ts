/** Messages may be described with any library that implements Standard Schema: two of them, and what differs. */
import * as v from "valibot";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { defineMessage } from "./define-message.ts";

const LIBRARIES = {
  zod: defineMessage(
    "demo.Trip",
    z.object({
      to: z.string().min(1),
      days: z.string().transform(Number),
      seats: z.number().default(1),
    }),
  ),
  valibot: defineMessage(
    "demo.Trip",
    v.object({
      to: v.pipe(v.string(), v.minLength(1)),
      days: v.pipe(v.string(), v.transform(Number)),
      seats: v.optional(v.number(), 1),
    }),
  ),
};

describe.each(Object.entries(LIBRARIES))("%s", (_, Trip) => {
  it("transmits the input and gives the output", () => {
    const encoded = Trip.encode({ to: "Rome", days: "3" });
    expect(JSON.parse(Buffer.from(encoded.data).toString())).toEqual({ to: "Rome", days: "3" });
    expect(Trip.decode(encoded)).toEqual({ to: "Rome", days: 3, seats: 1 });
  });

  it("names the place of what is wrong", () => {
    expect(() => Trip.encode({ to: "", days: "3" })).toThrow(/PAYLOAD_INVALID: .*demo\.Trip: to: /);
  });
});

it("infers input and output from either", () => {
  const { zod, valibot } = LIBRARIES;
  type Input = { to: string; days: string; seats?: number | undefined };
  type Output = { to: string; days: number; seats: number };
  expectTypeOf<Parameters<typeof zod>[0]>().toEqualTypeOf<Input>();
  expectTypeOf<Parameters<typeof valibot>[0]>().toEqualTypeOf<Input>();
  expectTypeOf(zod.decode).returns.toEqualTypeOf<Output>();
  expectTypeOf(valibot.decode).returns.toEqualTypeOf<Output>();
});

it("a valibot schema that waits is refused", () => {
  const schema = v.objectAsync({
    to: v.pipeAsync(
      v.string(),
      v.checkAsync(async () => true),
    ),
  });
  const Trip = defineMessage("demo.Trip", schema);
  expect(() => Trip.encode({ to: "Rome" })).toThrow(/promise/);
});
