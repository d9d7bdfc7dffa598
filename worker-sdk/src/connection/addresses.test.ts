import { expect, test } from "vitest";
import { parseAddress, parseAddresses, Route } from "./addresses.ts";

test.each([
  ["mesh.example:50052", "mesh.example:50052"],
  ["mesh.example", "mesh.example:50051"],
  [" 127.0.0.1:1 ", "127.0.0.1:1"],
  ["[::1]:65535", "[::1]:65535"],
  ["[fe80::1%eth0]", "[fe80::1%eth0]:50051"],
])("reads %s", (text, address) => expect(parseAddress(text)).toBe(address));

test.each([
  ["", "is empty"],
  ["http://mesh:1", "must not have a scheme"],
  ["::1", "put it in brackets"],
  ["fe80::1:50051", "put it in brackets"],
  ["mesh:", "is not host:port"],
  ["mesh:port", "is not host:port"],
  ["mesh:0", "ports are 1–65535"],
  ["mesh:65536", "ports are 1–65535"],
  ["mesh:1234567", "is not host:port"],
  ["a b:1", "is not host:port"],
  ["user@mesh:1", "is not host:port"],
])("refuses %j: %s", (text, reason) => {
  expect(() => parseAddress(text)).toThrow(
    expect.objectContaining({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(reason),
    }),
  );
});

test("reads lists, each address once", () => {
  expect(parseAddresses("a:1, b ,a:1")).toEqual(["a:1", "b:50051"]);
  expect(parseAddresses(["a:1", "b:2"])).toEqual(["a:1", "b:2"]);
  for (const nothing of ["", " , ", []])
    expect(() => parseAddresses(nothing)).toThrow("no address");
});

test("a route stays with what works and goes round when it does not", () => {
  const route = new Route(["a:1", "b:2"]);
  expect([route.next(), route.next()]).toEqual(["a:1", "a:1"]);
  route.advance();
  expect(route.next()).toBe("b:2");
  route.advance();
  expect(route.next()).toBe("a:1");
  route.leave("b:2");
  expect(route.next()).toBe("a:1");
  route.leave("a:1");
  expect(route.next()).toBe("b:2");
});

test.each(["mesh:0", "mesh:65536", "mesh:99999", "a b", ""])(
  "a route leaves out %j, which some host wrote",
  (malformed) => {
    const route = new Route(["a:1"]);
    route.name([malformed, "b:2"]);
    route.recommend(malformed);
    expect([route.size, route.next()]).toEqual([2, "a:1"]);
  },
);

test("a route takes up what hosts name, and a recommendation once", () => {
  const route = new Route(["a:1"]);
  expect(route.next()).toBe("a:1");
  route.name(["c", "not an address", "a:1"]);
  expect(route.size).toBe(2);
  route.advance();
  expect(route.next()).toBe("c:50051");
  route.recommend("d:4");
  route.recommend("::");
  expect([route.next(), route.next()]).toEqual(["d:4", "d:4"]);
  // It is none of the others: the round begins anew.
  route.advance();
  expect(route.next()).toBe("a:1");
  route.name([]);
  expect(route.size).toBe(1);
});
