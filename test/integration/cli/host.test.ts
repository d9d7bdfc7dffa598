import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, onTestFinished, test } from "vitest";
import { writeCertificates } from "../../support/certificates.ts";

const AGENTMESH = fileURLToPath(new URL("../../../host/bin/agentmesh.js", import.meta.url));
const FREE = "127.0.0.1:0";

const certificates = writeCertificates();
afterAll(() => certificates.remove());

interface Finished {
  /** Exit code, or the name of the signal that killed the process. */
  readonly ended: number | string;
  readonly out: string;
  readonly err: string;
}

interface Running {
  readonly child: ChildProcess;
  /** Resolves with the first line on stdout; empty when there was none. */
  readonly firstLine: Promise<string>;
  readonly finished: Promise<Finished>;
}

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

function start(args: readonly string[], env: Record<string, string> = {}): Running {
  // No variable of whoever runs the tests reaches the process.
  const child = spawn(process.execPath, [AGENTMESH, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout });
  const firstLine = new Promise<string>((resolve) => {
    lines.once("line", resolve);
    lines.once("close", () => resolve(""));
  });
  const ended = new Promise<number | string>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? String(signal)));
  });
  const finished = Promise.all([ended, text(child.stdout), text(child.stderr)]).then(
    ([how, out, err]) => ({ ended: how, out, err }),
  );
  return { child, firstLine, finished };
}

function run(...args: readonly string[]): Promise<Finished> {
  return start(args).finished;
}

describe("agentmesh host, as a process", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "is ready in one line and ends with 0 after %s",
    async (signal) => {
      const { child, firstLine, finished } = start(["host", "--listen", FREE]);
      const line = await firstLine;
      expect(line).toMatch(/^agentmesh host ready on 127\.0\.0\.1:[1-9]\d*$/);
      child.kill(signal);
      expect(await finished).toEqual({ ended: 0, out: `${line}\n`, err: "" });
    },
  );

  test("listens where it says", async () => {
    const { firstLine } = start(["host", "--listen", FREE]);
    const port = Number((await firstLine).split(":").at(-1));
    await new Promise<void>((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve();
      });
      socket.once("error", reject);
    });
  });

  test("writes its log to stderr, one JSON object per line", async () => {
    const { child, firstLine, finished } = start(["host", "--listen", FREE, "--log-level", "info"]);
    await firstLine;
    child.kill("SIGTERM");
    const { out, err } = await finished;
    expect(out.trim().split("\n")).toHaveLength(1);
    const events = err
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).event);
    expect(events).toEqual(["host.ready", "host.draining", "host.drained", "host.closed"]);
  });

  test("takes everything from its environment and says how it is guarded", async () => {
    const token = path.join(path.dirname(certificates.ca), "token");
    writeFileSync(token, "s3cret\n");
    const { child, firstLine, finished } = start(["host"], {
      AGENTMESH_LISTEN: "0.0.0.0:0",
      AGENTMESH_TLS_CERT: certificates.hostCert,
      AGENTMESH_TLS_KEY: certificates.hostKey,
      AGENTMESH_TLS_CA: certificates.ca,
      AGENTMESH_TOKEN_FILE: token,
      AGENTMESH_LOG_LEVEL: "silent",
    });
    expect(await firstLine).toMatch(
      /^agentmesh host ready on 0\.0\.0\.0:\d+ \(tls, client certificates, token\)$/,
    );
    child.kill("SIGTERM");
    expect((await finished).ended).toBe(0);
  });
});

describe("a host that cannot start tells one line and ends with a code, without a stack", () => {
  const usage = 2;
  const config = 3;
  const noSuchFile = "cannot read /no/such.pem: there is no such file";

  test.each<[string, readonly string[], number, string]>([
    ["an unknown flag", ["--bogus"], usage, "unknown option '--bogus'"],
    [
      "a bad number",
      ["--lease-ms", "-5"],
      usage,
      '--lease-ms must be an integer from 1 to 3600000 milliseconds, got "-5"',
    ],
    [
      "a bad address",
      ["--listen", "localhost"],
      usage,
      '--listen must be host:port, for example 127.0.0.1:50051, [::1]:50051 or 127.0.0.1:0, got "localhost"',
    ],
    [
      "a public address without TLS",
      ["--listen", "0.0.0.0:0", "--token", "s3cret"],
      usage,
      "listen: 0.0.0.0:0 can be reached from other machines and needs TLS (tls-cert, tls-key); " +
        "or listen on 127.0.0.1, or set insecure-public-address",
    ],
    [
      "a certificate that cannot be read",
      ["--tls-cert", "/no/such.pem", "--tls-key", certificates.hostKey],
      config,
      `tls-cert: ${noSuchFile}`,
    ],
    [
      "the key of another certificate",
      ["--tls-cert", certificates.hostCert, "--tls-key", certificates.workerKey],
      config,
      `tls-key: ${certificates.workerKey} is not the key of the certificate in ${certificates.hostCert}`,
    ],
  ])("%s", async (_, args, ended, line) => {
    expect(await run("host", ...args)).toEqual({ ended, out: "", err: `agentmesh: ${line}\n` });
  });

  test("a port in use", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    expect(await run("host", "--listen", `127.0.0.1:${port}`)).toEqual({
      ended: 4,
      out: "",
      err: `agentmesh: cannot listen on 127.0.0.1:${port}: the port is in use\n`,
    });
  });
});
