import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, test } from "vitest";
import { EXIT } from "../exit-codes.ts";
import { addConnectionFlags, type Connection, connectionOf } from "./connection-flags.ts";

const directory = mkdtempSync(path.join(tmpdir(), "agentmesh-flags-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const file = (name: string, text: string): string => {
  const where = path.join(directory, name);
  writeFileSync(where, text);
  return where;
};
const TOKEN_FILE = file("token", " from-file\n");
const PEM = file("some.pem", "pem");

/** The connection that this command line asks for in this environment. */
function connection(args: readonly string[], env: Record<string, string> = {}): Connection {
  const command = addConnectionFlags(new Command("status"));
  command.parse([...args], { from: "user" });
  return connectionOf(command, env);
}

test("is plaintext to this machine unless told otherwise", () => {
  expect(connection([])).toEqual({
    addresses: [{ host: "127.0.0.1", port: 50_051 }],
    token: undefined,
    tls: undefined,
    namespace: "default",
    connectTimeoutMs: 5_000,
  });
});

test("comes from the environment that workers read, and flags win", () => {
  const env = {
    AGENTMESH_ADDRESS: "mesh.example, [::1]:7",
    AGENTMESH_TOKEN: "from-env",
    AGENTMESH_NAMESPACE: "blue",
    AGENTMESH_CONNECT_TIMEOUT_MS: "70",
    AGENTMESH_TLS_SERVER_NAME: " ",
  };
  expect(connection([], env)).toMatchObject({
    addresses: [
      { host: "mesh.example", port: 50_051 },
      { host: "::1", port: 7 },
    ],
    token: "from-env",
    namespace: "blue",
    connectTimeoutMs: 70,
  });
  const flags = ["--host", "other:1", "--token", "from-flag", "--namespace", "red"];
  expect(connection(flags, env)).toMatchObject({
    addresses: [{ host: "other", port: 1 }],
    token: "from-flag",
    namespace: "red",
  });
});

test("a file that a flag names wins over a token of the environment", () => {
  expect(connection(["--token-file", TOKEN_FILE], { AGENTMESH_TOKEN: "from-env" }).token).toBe(
    "from-file",
  );
  expect(connection([], { AGENTMESH_TOKEN_FILE: TOKEN_FILE }).token).toBe("from-file");
});

test("is TLS when a file is named or it is asked for, and not when the environment says no", () => {
  expect(connection(["--tls"]).tls).toEqual({
    ca: undefined,
    cert: undefined,
    key: undefined,
    serverName: undefined,
  });
  expect(connection([], { AGENTMESH_TLS_CA: PEM }).tls).toMatchObject({ ca: Buffer.from("pem") });
  expect(connection([], { AGENTMESH_TLS_CA: PEM, AGENTMESH_TLS: "false" }).tls).toBeUndefined();
});

describe("says what is wrong with", () => {
  test.each<[readonly string[], Record<string, string>, number, string]>([
    [
      ["--host", "http://mesh"],
      {},
      EXIT.usage,
      '"http://mesh" is no address of a host: write host:port',
    ],
    [["--host", "mesh:0"], {}, EXIT.usage, '"mesh:0" is no address of a host'],
    [["--namespace", "a b"], {}, EXIT.usage, 'namespace "a b" is not 1–128 word characters'],
    [
      ["--token", "a b"],
      {},
      EXIT.usage,
      "--token must be 1–4096 visible ASCII characters without blanks",
    ],
    [
      [],
      { AGENTMESH_CONNECT_TIMEOUT_MS: "soon" },
      EXIT.usage,
      "AGENTMESH_CONNECT_TIMEOUT_MS must be an integer",
    ],
    [
      [],
      { AGENTMESH_TLS: "maybe" },
      EXIT.usage,
      'AGENTMESH_TLS must be true or false, got "maybe"',
    ],
    [["--tls-cert", PEM], {}, EXIT.usage, "tls-cert and tls-key belong together"],
    [
      ["--tls-ca", "/no/such.pem"],
      {},
      EXIT.config,
      "tls-ca: cannot read /no/such.pem: there is no such file",
    ],
    [["--token-file", PEM.replace("some", "no")], {}, EXIT.config, "token-file: cannot read"],
    [["--token-file", file("empty", "")], {}, EXIT.config, "must hold one token"],
  ])("%j %j", (args, env, exitCode, text) => {
    expect(() => connection(args, env)).toThrow(
      expect.objectContaining({ exitCode, message: expect.stringContaining(text) }),
    );
  });
});
