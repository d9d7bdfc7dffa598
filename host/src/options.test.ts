import { readFileSync } from "node:fs";
import { DEFAULTS, MeshError } from "@agentmesh/proto";
import { describe, expect, test } from "vitest";
import { FIELDS, OPTION_NAMES, type OptionName } from "./options/fields.ts";
import { environmentName, flagName } from "./options/source.ts";
import { type HostOptions, resolveHostOptions } from "./options.ts";

const PUBLIC = { listen: "0.0.0.0:50051" };
const TLS = { tlsCert: "cert.pem", tlsKey: "key.pem" };

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof MeshError && error.code === "INVALID_ARGUMENT") return error.message;
    throw error;
  }
  return "accepted";
}

/** What a caller without types may pass. */
function refusalOf(options: Readonly<Record<string, unknown>>): string {
  return refusal(() => resolveHostOptions(options));
}

describe("without options", () => {
  test("everything has its default, on loopback and without TLS", () => {
    expect(resolveHostOptions()).toEqual({
      listen: { host: "127.0.0.1", port: DEFAULTS.port },
      tls: undefined,
      dataBytes: DEFAULTS.dataBytes,
      auth: { token: undefined, tokenFile: undefined },
      session: {
        leaseMs: DEFAULTS.leaseMs,
        sessionGraceMs: DEFAULTS.sessionGraceMs,
        heartbeatMs: DEFAULTS.heartbeatMs,
        livenessMs: DEFAULTS.livenessMs,
        requestWindow: DEFAULTS.requestWindow,
        requestWindowBytes: DEFAULTS.requestWindowBytes,
        replayBytes: DEFAULTS.replayBytes,
        outboxLimitBytes: DEFAULTS.outboxLimitBytes,
        maxSessions: DEFAULTS.maxSessions,
      },
      delivery: {
        maxInFlight: DEFAULTS.maxInFlight,
        agentWindow: DEFAULTS.agentWindow,
        nestedInFlight: DEFAULTS.nestedInFlight,
        chainDepth: DEFAULTS.chainDepth,
        mailboxMessages: DEFAULTS.mailboxMessages,
        queuedBytes: DEFAULTS.queuedBytes,
        inFlightBytes: DEFAULTS.inFlightBytes,
        maxTurnMs: DEFAULTS.maxTurnMs,
        turnGraceMs: DEFAULTS.turnGraceMs,
        crashLimit: DEFAULTS.crashLimit,
      },
      autogen: { sharedTypes: false },
      calls: { timeoutMs: DEFAULTS.timeoutMs, maxPayloadBytes: DEFAULTS.maxPayloadBytes },
      deadLetters: {
        count: DEFAULTS.deadLetters,
        bytes: DEFAULTS.deadLetterBytes,
        ageMs: DEFAULTS.deadLetterAgeMs,
      },
      settleMs: DEFAULTS.settleMs,
      drainGraceMs: DEFAULTS.drainGraceMs,
      alternateAddresses: [],
      log: { level: "warn" },
    });
  });

  test("undefined counts as left out", () => {
    expect(resolveHostOptions({ leaseMs: undefined })).toEqual(resolveHostOptions());
  });

  test("every default is a value that its option accepts", () => {
    for (const name of OPTION_NAMES) {
      const { fallback } = FIELDS[name];
      const isAllowed = fallback === undefined || FIELDS[name].accepts(fallback);
      expect([name, isAllowed]).toEqual([name, true]);
    }
  });

  test("the environment of the process is not read", () => {
    process.env.AGENTMESH_LEASE_MS = "77";
    try {
      expect(resolveHostOptions().session.leaseMs).toBe(DEFAULTS.leaseMs);
    } finally {
      delete process.env.AGENTMESH_LEASE_MS;
    }
  });
});

describe("a bad value is one error that names the option and what is allowed", () => {
  const cases: [OptionName, unknown, string][] = [
    [
      "listen",
      "",
      'listen must be host:port, for example 127.0.0.1:50051, [::1]:50051 or 127.0.0.1:0, got ""',
    ],
    ["leaseMs", 0, "leaseMs must be an integer from 1 to 3600000 milliseconds, got 0"],
    ["leaseMs", 1.5, "leaseMs must be an integer from 1 to 3600000 milliseconds, got 1.5"],
    ["leaseMs", Number.NaN, "leaseMs must be an integer from 1 to 3600000 milliseconds, got NaN"],
    ["leaseMs", "20", 'leaseMs must be an integer from 1 to 3600000 milliseconds, got "20"'],
    ["leaseMs", null, "leaseMs must be an integer from 1 to 3600000 milliseconds, got null"],
    ["maxInFlight", 0, "maxInFlight must be an integer from 1 to 1000000, got 0"],
    [
      "queuedBytes",
      -1,
      "queuedBytes must be an integer from 1048576 to 1099511627776 bytes, got -1",
    ],
    ["insecurePublicAddress", "yes", 'insecurePublicAddress must be true or false, got "yes"'],
    [
      "logLevel",
      "loud",
      'logLevel must be one of trace, debug, info, warn, error, silent, got "loud"',
    ],
    [
      "alternateAddresses",
      ["a:1", "b"],
      'alternateAddresses must be at most 16 addresses host:port with a port of their own, got "a:1,b"',
    ],
    [
      "alternateAddresses",
      ["a:0"],
      'alternateAddresses must be at most 16 addresses host:port with a port of their own, got "a:0"',
    ],
    ["tlsCert", 7, "tlsCert must be the path of a file, got 7"],
    ["tlsKey", "", 'tlsKey must be the path of a file, got ""'],
    ["token", "", "token must be 1–4096 visible ASCII characters without blanks"],
  ];

  test.each(cases)("%s = %j", (name, value, text) => {
    expect(refusalOf({ [name]: value })).toBe(`INVALID_ARGUMENT: ${text}`);
  });

  test("a token is never repeated", () => {
    const text = refusalOf({ token: "my secret" });
    expect(text).toBe(
      "INVALID_ARGUMENT: token must be 1–4096 visible ASCII characters without blanks",
    );
  });

  test("a name that is no option", () => {
    expect(refusalOf({ leaseMS: 5 })).toBe('INVALID_ARGUMENT: "leaseMS" is no option of a host');
  });

  test("every number refuses what is just outside of its range and takes its bounds", () => {
    for (const name of OPTION_NAMES) {
      const field = FIELDS[name];
      const [, least, most] = /from (\d+) to (\d+)/.exec(field.allowed) ?? [];
      if (field.kind !== "integer") continue;
      const judged = [Number(least) - 1, Number(least), Number(most), Number(most) + 1];
      const verdicts = judged.map((value) => field.accepts(value));
      expect([name, ...verdicts]).toEqual([name, false, true, true, false]);
    }
  });
});

test("the table of limits names every number that is an option of the host, and no other", () => {
  const readme = readFileSync(new URL("../../proto/README.md", import.meta.url), "utf8");
  const told = [...readme.matchAll(/^\| `(\w+)` \|.*\| host \|$/gm)].map(([, name]) => name);
  const numbers = OPTION_NAMES.filter((name) => FIELDS[name].kind === "integer");
  expect(told.toSorted()).toEqual(numbers.toSorted());
});

describe("numbers that contradict each other", () => {
  test.each<[HostOptions, string]>([
    [{ leaseMs: 40_000 }, "session-grace-ms must be at least lease-ms, got 30000 and 40000"],
    [{ heartbeatMs: 8_000 }, "liveness-ms must be more than heartbeat-ms, got 8000 and 8000"],
    [
      { requestWindowBytes: 1024 * 1024 },
      "request-window-bytes must be at least max-payload-bytes, got 1048576 and 4194304",
    ],
    [
      { outboxLimitBytes: 1024 * 1024 },
      "outbox-limit-bytes must be at least max-payload-bytes, got 1048576 and 4194304",
    ],
    [
      { queuedBytes: 1024 * 1024 },
      "queued-bytes must be at least max-payload-bytes, got 1048576 and 4194304",
    ],
    [
      { inFlightBytes: 1024 * 1024 },
      "in-flight-bytes must be at least max-payload-bytes, got 1048576 and 4194304",
    ],
  ])("%j", (options, text) => {
    expect(refusal(() => resolveHostOptions(options))).toBe(`INVALID_ARGUMENT: ${text}`);
  });
});

describe("where to listen", () => {
  test.each([
    ["127.0.0.1:0", { host: "127.0.0.1", port: 0 }],
    ["localhost:65535", { host: "localhost", port: 65_535 }],
    ["[::1]:0", { host: "::1", port: 0 }],
  ])("%s", (listen, address) => {
    expect(resolveHostOptions({ listen }).listen).toEqual(address);
  });

  test.each([
    "127.0.0.1",
    "50051",
    ":50051",
    "::1:50051",
    "[127.0.0.1]:1",
    "[::1]",
    "127.0.0.1:65536",
    "127.0.0.1:-1",
    "127.0.0.1: 1",
    "256.0.0.1:1",
    "127.1:1",
    "-a.example:1",
    "http://localhost:1",
    "a b:1",
    "[::1]:0\n",
  ])("%j is no address", (listen) => {
    expect(refusalOf({ listen })).toContain("listen must be host:port");
  });
});

describe("a public address", () => {
  const [both, authOnly, tlsOnly] = [
    "TLS (tls-cert, tls-key) and authentication (token, token-file or tls-ca)",
    "authentication (token, token-file or tls-ca)",
    "TLS (tls-cert, tls-key)",
  ];

  test.each<[HostOptions, string]>([
    [{}, both],
    [TLS, authOnly],
    [{ token: "t" }, tlsOnly],
    [{ tokenFile: "token" }, tlsOnly],
  ])("with %j needs more", (options, missing) => {
    expect(refusal(() => resolveHostOptions({ ...PUBLIC, ...options }))).toBe(
      "INVALID_ARGUMENT: listen: 0.0.0.0:50051 can be reached from other machines and needs " +
        `${missing}; or listen on 127.0.0.1, or set insecure-public-address`,
    );
  });

  test.each(["[::]:1", "10.1.2.3:1", "mesh.example.com:1", "[fe80::1%eth0]:1"])(
    "%s counts as one",
    (listen) => {
      expect(refusalOf({ listen })).toContain("can be reached from other machines");
    },
  );

  test.each<HostOptions>([
    { ...TLS, token: "t" },
    { ...TLS, tokenFile: "token" },
    { ...TLS, tlsCa: "ca.pem" },
    { insecurePublicAddress: true },
  ])("with %j is enough", (options) => {
    expect(resolveHostOptions({ ...PUBLIC, ...options }).listen.host).toBe("0.0.0.0");
  });
});

describe("files and tokens", () => {
  test.each<[HostOptions, string]>([
    [{ tlsCert: "c" }, "tls-cert needs tls-key"],
    [{ tlsKey: "k" }, "tls-key needs tls-cert"],
    [{ tlsCa: "a" }, "tls-ca needs tls-cert and tls-key"],
    [{ token: "t", tokenFile: "f" }, "give token or token-file, not both"],
  ])("%j is half of something", (options, text) => {
    expect(refusal(() => resolveHostOptions(options))).toBe(`INVALID_ARGUMENT: ${text}`);
  });

  test("are passed on in their slices", () => {
    const resolved = resolveHostOptions({ ...TLS, tlsCa: "ca.pem", token: "t" });
    expect(resolved.tls).toEqual({ cert: "cert.pem", key: "key.pem", ca: "ca.pem" });
    expect(resolved.auth).toEqual({ token: "t", tokenFile: undefined });
  });
});

describe("the environment", () => {
  test("fills in what the options leave out", () => {
    const env = {
      AGENTMESH_LEASE_MS: "20",
      AGENTMESH_LOG_LEVEL: "INFO",
      AGENTMESH_MAX_IN_FLIGHT: "7",
    };
    const resolved = resolveHostOptions({ maxInFlight: 9 }, env);
    expect(resolved.session.leaseMs).toBe(20);
    expect(resolved.log.level).toBe("info");
    expect(resolved.delivery.maxInFlight).toBe(9);
  });

  test("gives lists and switches as text, and an empty variable gives nothing", () => {
    const env = {
      AGENTMESH_ALTERNATE_ADDRESSES: "a:1, [::1]:2",
      AGENTMESH_INSECURE_PUBLIC_ADDRESS: "1",
      AGENTMESH_LISTEN: "0.0.0.0:1",
      AGENTMESH_TOKEN: "",
    };
    const resolved = resolveHostOptions({}, env);
    expect(resolved.alternateAddresses).toEqual(["a:1", "[::1]:2"]);
    expect(resolved.listen).toEqual({ host: "0.0.0.0", port: 1 });
    expect(resolved.auth.token).toBeUndefined();
  });

  test("is blamed under the name of its variable", () => {
    expect(refusal(() => resolveHostOptions({}, { AGENTMESH_LEASE_MS: "soon" }))).toBe(
      'INVALID_ARGUMENT: AGENTMESH_LEASE_MS must be an integer from 1 to 3600000 milliseconds, got "soon"',
    );
  });
});

test("one name leads to flag and variable", () => {
  expect(flagName("maxPayloadBytes")).toBe("--max-payload-bytes");
  expect(environmentName("tlsCa")).toBe("AGENTMESH_TLS_CA");
});
