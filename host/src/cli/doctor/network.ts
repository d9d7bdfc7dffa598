/** From a name to a connection. */
import { lookup } from "node:dns/promises";
import { connect, isIP } from "node:net";
import { formatAddress } from "../../options/address.ts";
import { isLoopback } from "../../security/loopback.ts";
import { type Examination, type Finding, failed, ok, type Step, warning } from "./step.ts";

/** Variables that grpc-js takes a proxy from. */
const PROXY_VARIABLES = ["grpc_proxy", "https_proxy", "http_proxy"];

/** Whether gRPC would go another way than straight to the host. */
export const proxy: Step = {
  name: "proxy",
  async run({ env }) {
    const name = PROXY_VARIABLES.find((variable) => env[variable]);
    if (name === undefined) return ok("none");
    return warning(
      `${name} is set: gRPC goes through that proxy, unless no_proxy names the host`,
      `name the host in no_proxy, or unset ${name}, if the host is not behind the proxy`,
    );
  },
};

/** What the name of the host leads to. */
export const resolve: Step = {
  name: "name",
  async run(examination) {
    const { host } = examination.address;
    if (isIP(host) !== 0) {
      examination.ips = [host];
      return ok(`${host} is an address`);
    }
    try {
      const found = await lookup(host, { all: true });
      examination.ips = found.map(({ address }) => address);
      return ok(`${host} is ${examination.ips.join(", ")}`);
    } catch (error) {
      return failed(
        "unreachable",
        `${host} does not resolve (${codeOf(error)})`,
        "check the name for mistakes, /etc/hosts and the name server of this machine",
      );
    }
  },
};

/** Whether something takes TCP connections. */
export const tcp: Step = {
  name: "tcp",
  async run(examination) {
    const { address, connection, ips } = examination;
    const problems: string[] = [];
    for (const ip of ips) {
      const problem = await dial(ip, address.port, connection.connectTimeoutMs);
      if (problem !== undefined) problems.push(problem);
      else {
        examination.ip = ip;
        return ok(`connected to ${formatAddress({ host: ip, port: address.port })}`);
      }
    }
    return tcpFailure(examination, problems[0] ?? "no address");
  },
};

function tcpFailure({ address, ips }: Examination, problem: string): Finding {
  const where = formatAddress(address);
  if (problem === "ECONNREFUSED") {
    const isLocal = ips.every(isLoopback);
    const advice = isLocal
      ? `start one there: agentmesh host --listen ${where}; or give the port of the one that runs as --host`
      : "start the host, check the port, and see that it listens on a public address (--listen 0.0.0.0:port): by default it listens on its own machine only";
    return failed("unreachable", `nothing listens on ${where}`, advice);
  }
  const text = `${where} cannot be reached (${problem})`;
  const advice = "check address and port, the network between, and its firewalls";
  return failed("unreachable", text, advice);
}

/** Connects and lets go. @returns why not. */
function dial(host: string, port: number, timeoutMs: number): Promise<string | undefined> {
  return new Promise((done) => {
    const socket = connect({ host, port });
    const end = (problem: string | undefined): void => {
      clearTimeout(limit);
      socket.destroy();
      done(problem);
    };
    const limit = setTimeout(end, timeoutMs, `no answer within ${timeoutMs} ms`);
    socket.once("connect", () => end(undefined));
    socket.once("error", (error) => end(codeOf(error)));
  });
}

/** The code of a system error, or its text. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.message;
}
