import { type AddressInfo, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { describe, expect, onTestFinished, test } from "vitest";
import { FIELDS, OPTION_NAMES } from "../options/fields.ts";
import { flagName } from "../options/source.ts";
import { VERSION } from "../version.ts";
import { EXIT } from "./exit-codes.ts";
import { MemoryTerminal } from "./memory-terminal.ts";
import { runProgram } from "./program.ts";

const FREE = "127.0.0.1:0";
const HAS_IPV6 = Object.values(networkInterfaces()).some((entries) =>
  entries?.some(({ address }) => address === "::1"),
);
if (!HAS_IPV6) console.warn("SKIPPED, because this machine has no address ::1: listening on it");

/** Runs a command that ends by itself. */
async function run(args: readonly string[], env: Record<string, string> = {}) {
  const terminal = new MemoryTerminal(env);
  const exitCode = await runProgram(args, terminal);
  return { exitCode, out: terminal.out, err: terminal.err };
}

/** Runs a host until it is ready, ends it with SIGTERM and tells what it printed. */
async function runHost(args: readonly string[], env: Record<string, string> = {}) {
  const terminal = new MemoryTerminal(env);
  const finished = runProgram(["host", ...args], terminal);
  await Promise.race([terminal.firstLine, finished]);
  terminal.send("SIGTERM");
  const exitCode = await finished;
  return { exitCode, out: terminal.out, err: terminal.err };
}

describe("agentmesh", () => {
  test.each([[[]], [["--help"]], [["-h"]]])("%j prints its help", async (args) => {
    const { exitCode, out, err } = await run(args);
    expect([exitCode, err]).toEqual([EXIT.ok, []]);
    expect(out.join("\n")).toContain("Usage: agentmesh [options] [command]");
  });

  test.each(["--version", "-v"])("%s prints the version", async (flag) => {
    expect(await run([flag])).toEqual({ exitCode: EXIT.ok, out: [VERSION], err: [] });
  });

  test.each([
    [["bogus"], "agentmesh: unknown command 'bogus'"],
    [["--bogus"], "agentmesh: unknown option '--bogus'"],
    [["host", "--lisen", "x"], "agentmesh: unknown option '--lisen' (Did you mean --listen?)"],
    [["host", "--lease-ms"], "agentmesh: option '--lease-ms <ms>' argument missing"],
    [["host", "now"], "agentmesh: too many arguments for 'host'. Expected 0 arguments but got 1."],
  ])("%j is told in one line", async (args, line) => {
    expect(await run(args)).toEqual({ exitCode: EXIT.usage, out: [], err: [line] });
  });
});

describe("every help", () => {
  test.each([
    [""],
    ["host"],
    ["status"],
    ["workers"],
    ["agents"],
    ["subscriptions"],
    ["send"],
    ["publish"],
    ["tail"],
    ["dead-letters"],
    ["dead-letters list"],
    ["dead-letters show"],
    ["dead-letters purge"],
    ["drain"],
    ["drain worker"],
    ["drain host"],
    ["doctor"],
  ])("of agentmesh %s can be read in 80 columns, and has examples", async (command) => {
    const { exitCode, out } = await run([...command.split(" ").filter(Boolean), "--help"]);
    expect(exitCode).toBe(EXIT.ok);
    const lines = out.join("\n").split("\n");
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    const isGroup = command === "drain" || command === "dead-letters";
    if (!isGroup) expect(out.join("\n")).toMatch(/Examples:\n {2}\$ agentmesh /);
  });
});

describe("agentmesh host --help", () => {
  test("names every option with its default, the exit codes and examples", async () => {
    const { exitCode, out } = await run(["host", "--help"]);
    const words = out.join("\n").replaceAll(/\s+/g, " ");
    expect(exitCode).toBe(EXIT.ok);
    for (const name of OPTION_NAMES) {
      expect(words).toContain(`${flagName(name)} `);
      if (FIELDS[name].kind === "integer")
        expect(words).toContain(`(default: ${FIELDS[name].fallback})`);
    }
    expect(words).toContain("--lease-ms as AGENTMESH_LEASE_MS");
    expect(words).toContain("Exit codes: 0 done; a host has drained 1 ");
    expect(words).toContain("$ agentmesh host --listen 127.0.0.1:0");
  });
});

describe("agentmesh host", () => {
  test("prints one line when it is ready and ends with 0 after SIGTERM", async () => {
    const { exitCode, out, err } = await runHost(["--listen", FREE]);
    expect([exitCode, err]).toEqual([EXIT.ok, []]);
    expect(out).toEqual([expect.stringMatching(/^agentmesh host ready on 127\.0\.0\.1:[1-9]\d*$/)]);
  });

  test.runIf(HAS_IPV6)("listens on IPv6 as well", async () => {
    const { out } = await runHost(["--listen", "[::1]:0"]);
    expect(out).toEqual([expect.stringMatching(/^agentmesh host ready on \[::1\]:[1-9]\d*$/)]);
  });

  test("takes options from the environment, and a flag wins", async () => {
    const env = { AGENTMESH_LISTEN: FREE, AGENTMESH_TOKEN: "s3cret" };
    expect((await runHost([], env)).out[0]).toMatch(/^agentmesh host ready on \S+ \(token\)$/);
    const bad = { ...env, AGENTMESH_LEASE_MS: "soon" };
    expect((await runHost(["--lease-ms", "20"], bad)).exitCode).toBe(EXIT.ok);
    expect(await run(["host"], bad)).toMatchObject({
      exitCode: EXIT.usage,
      err: [
        'agentmesh: AGENTMESH_LEASE_MS must be an integer from 1 to 3600000 milliseconds, got "soon"',
      ],
    });
  });

  test("listens on a public address without guards when someone insists", async () => {
    const { exitCode } = await runHost(["--listen", "0.0.0.0:0", "--insecure-public-address"]);
    expect(exitCode).toBe(EXIT.ok);
  });
});

describe("a host that cannot start says why in one line", () => {
  test.each([
    [
      ["--lease-ms", "x"],
      EXIT.usage,
      '--lease-ms must be an integer from 1 to 3600000 milliseconds, got "x"',
    ],
    [
      ["--listen", "here"],
      EXIT.usage,
      '--listen must be host:port, for example 127.0.0.1:50051, [::1]:50051 or 127.0.0.1:0, got "here"',
    ],
    [
      ["--lease-ms", "50000"],
      EXIT.usage,
      "session-grace-ms must be at least lease-ms, got 30000 and 50000",
    ],
    [
      ["--listen", "0.0.0.0:0"],
      EXIT.usage,
      "listen: 0.0.0.0:0 can be reached from other machines and needs TLS (tls-cert, tls-key) and " +
        "authentication (token, token-file or tls-ca); or listen on 127.0.0.1, or set insecure-public-address",
    ],
    [
      ["--tls-cert", "/no/such.pem", "--tls-key", "/no/such-key.pem"],
      EXIT.config,
      "tls-cert: cannot read /no/such.pem: there is no such file",
    ],
    [
      ["--listen", FREE, "--token-file", "/no/such-token"],
      EXIT.config,
      "token-file: cannot read /no/such-token: there is no such file",
    ],
    [
      // An address for documentation (RFC 5737): no machine has it.
      ["--listen", "192.0.2.1:50051", "--insecure-public-address"],
      EXIT.address,
      "cannot listen on 192.0.2.1:50051: this machine does not have that address",
    ],
  ])("%j", async (args, exitCode, text) => {
    expect(await run(["host", ...args])).toEqual({
      exitCode,
      out: [],
      err: [`agentmesh: ${text}`],
    });
  });

  test("where the port is in use", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    expect(await run(["host", "--listen", `127.0.0.1:${port}`])).toEqual({
      exitCode: EXIT.address,
      out: [],
      err: [`agentmesh: cannot listen on 127.0.0.1:${port}: the port is in use`],
    });
  });
});
