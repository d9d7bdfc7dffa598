import { describe, expect, test } from "vitest";
import { isLoopback } from "./loopback.ts";

describe("isLoopback", () => {
  test.each([
    "127.0.0.1",
    "127.255.0.3",
    "::1",
    "0:0:0:0:0:0:0:1",
    "::ffff:127.0.0.1",
    "localhost",
    "LocalHost",
  ])("%s is reached from this machine only", (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  test.each([
    ["0.0.0.0"],
    ["::"],
    ["10.0.0.7"],
    ["192.168.1.2"],
    ["fe80::1%eth0"],
    ["::ffff:10.0.0.1"],
    ["mesh.example.com"],
    ["localhost.example.com"],
    ["127.1"],
    ["0"],
    [""],
  ])("%j is public", (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
