import type { Command } from "commander";
import { type Address, formatAddress } from "../../options/address.ts";
import { connectionOf } from "../client/connection-flags.ts";
import { namespace, protocol, token, types } from "../doctor/host.ts";
import { health, http2 } from "../doctor/http2.ts";
import { proxy, resolve, tcp } from "../doctor/network.ts";
import { type Examination, examine, type Report, type Step } from "../doctor/step.ts";
import { tls } from "../doctor/tls.ts";
import { EXIT, exitCodeOf } from "../exit-codes.ts";
import { Interrupts } from "../interrupts.ts";
import { Output } from "../output/output.ts";
import type { Paint, Style } from "../output/paint.ts";
import { harmless } from "../output/paint.ts";
import { wrapLines } from "../output/table.ts";
import { quietCaller } from "../quiet.ts";
import { addHostCommand, type Shell } from "./host-command.ts";

/** Each step needs those before it. */
const STEPS: readonly Step[] = [
  proxy,
  resolve,
  tcp,
  tls,
  http2,
  health,
  token,
  protocol,
  namespace,
  types,
];

const STYLES: Readonly<Record<Report["state"], Style>> = {
  ok: "green",
  warning: "yellow",
  failed: "red",
  skipped: "dim",
};

const STATE_WIDTH = "warning".length;
const NAME_WIDTH = "namespace".length;
const WIDTH = 80;

/** What was found at one address. */
interface Diagnosis {
  readonly address: string;
  readonly ok: boolean;
  readonly steps: readonly Report[];
  readonly exitCode: number;
}

/** `agentmesh doctor`. */
export function addDoctor(parent: Command, shell: Shell): void {
  const command = addHostCommand(parent, {
    usage: "doctor",
    summary: "explain step by step why a worker or client cannot connect",
    details: `Takes the way of a worker: name, TCP, TLS and certificate, HTTP/2, health, token, protocol
version, namespace, agent types. The first step that fails says what to do. The protocol step
opens a session without agents for a moment. Ends with the exit code of what has failed.`,
    examples: ["doctor", "doctor --host mesh.example:50051 --tls-ca ca.pem --type oracle"],
  }).option("--type <type>", "an agent type that must be announced; may be repeated", collect);
  command.action(async () => {
    const diagnosed = diagnoseAll(command, shell);
    const ended = await Promise.race([diagnosed, new Interrupts(shell.terminal).next()]);
    shell.done(typeof ended === "string" ? exitCodeOf(ended) : ended);
  });
}

async function diagnoseAll(command: Command, { terminal }: Shell): Promise<number> {
  const output = new Output(terminal, command.getOptionValue("json") === true);
  const connection = connectionOf(command, terminal.env);
  quietCaller(terminal);
  const diagnoses: Diagnosis[] = [];
  for (const address of connection.addresses) {
    const types = command.getOptionValue("type") as string[] | undefined;
    const examination = {
      address,
      connection,
      types: types ?? [],
      env: terminal.env,
      ips: [],
      ip: "",
    };
    diagnoses.push(await diagnose(address, examination));
  }
  const healthy = diagnoses.some(({ ok }) => ok);
  const hosts = diagnoses.map(({ address, ok, steps }) => ({ address, ok, steps }));
  output.result({ ok: healthy, hosts }, () =>
    diagnoses.flatMap((diagnosis) => diagnosisLines(diagnosis, output)),
  );
  // One host that answers is enough: who connects tries them all.
  return healthy ? EXIT.ok : (diagnoses[0]?.exitCode ?? EXIT.failed);
}

async function diagnose(address: Address, examination: Examination): Promise<Diagnosis> {
  const steps: Report[] = [];
  for await (const report of examine(STEPS, examination)) steps.push(report);
  const broken = steps.find((report) => report.state === "failed");
  const exitCode = broken?.state === "failed" ? EXIT[broken.exit] : EXIT.ok;
  return { address: formatAddress(address), ok: broken === undefined, steps, exitCode };
}

function diagnosisLines({ address, steps }: Diagnosis, { paint, width }: Output): string[] {
  return [
    paint("bold", address),
    ...steps.flatMap((step) => stepLines(step, paint, width ?? WIDTH)),
  ];
}

function stepLines(report: Report, paint: Paint, width: number): string[] {
  const state = paint(STYLES[report.state], report.state.padEnd(STATE_WIDTH));
  const indent = " ".repeat(STATE_WIDTH + NAME_WIDTH + 6);
  const [first = "", ...rest] = wrapLines(report.text, indent, width);
  const lines = [`  ${state}  ${report.step.padEnd(NAME_WIDTH)}  ${first.trimStart()}`, ...rest];
  if (!("advice" in report)) return lines;
  return [...lines, ...wrapLines(`→ ${harmless(report.advice)}`, indent, width)];
}

function collect(text: string, types: readonly string[] = []): string[] {
  return [...types, text];
}
