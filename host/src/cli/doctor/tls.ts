/** Whether TLS stands, and whose certificate is on the other side. */
import { isIP } from "node:net";
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect,
  type DetailedPeerCertificate,
  type TLSSocket,
} from "node:tls";
import { formatAddress } from "../../options/address.ts";
import { codeOf } from "./network.ts";
import { type Examination, type Finding, failed, ok, type Step } from "./step.ts";

/** What the other side has shown. */
interface Handshake {
  readonly certificate: DetailedPeerCertificate;
  /** Why no trusted authority vouches for it; undefined when one does. */
  readonly distrust: string | undefined;
  readonly protocol: string;
  readonly offersHttp2: boolean;
}

/** Handshake, certificate, name. */
export const tls: Step = {
  name: "tls",
  async run(examination) {
    if (examination.connection.tls === undefined) return ok("not used: plaintext");
    const shown = await shakeHands(examination);
    return "problem" in shown
      ? handshakeFailure(examination, shown.problem)
      : judge(examination, shown);
  },
};

/** Whether a TLS server is there, whoever it is. */
export async function speaksTls(examination: Examination): Promise<boolean> {
  const shown = await shakeHands(examination);
  return !("problem" in shown);
}

/** The name that the certificate must be for. */
export function expectedName({ address, connection }: Examination): string {
  return connection.tls?.serverName ?? address.host;
}

/** How to connect to the host over TLS. */
export function tlsOptions(examination: Examination): ConnectionOptions {
  const { address, connection, ip } = examination;
  const name = expectedName(examination);
  const { ca, cert, key } = connection.tls ?? {};
  return {
    host: ip,
    port: address.port,
    ALPNProtocols: ["h2"],
    // What is wrong with the certificate is found out here, not by the handshake.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(isIP(name) === 0 && { servername: name }),
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  };
}

function shakeHands(examination: Examination): Promise<Handshake | { readonly problem: string }> {
  const { connectTimeoutMs } = examination.connection;
  return new Promise((done) => {
    const end = (result: Handshake | { problem: string }): void => {
      clearTimeout(limit);
      socket?.destroy();
      done(result);
    };
    let socket: TLSSocket | undefined;
    const limit = setTimeout(end, connectTimeoutMs, { problem: "silence" });
    try {
      const opened = connect(tlsOptions(examination), () => end(shownBy(opened)));
      socket = opened;
      opened.once("error", (error) => end({ problem: codeOf(error) }));
      opened.once("close", () => end({ problem: "ECONNRESET" }));
    } catch (error) {
      end({ problem: `files: ${error instanceof Error ? error.message : error}` });
    }
  });
}

function shownBy(socket: TLSSocket): Handshake {
  const { authorized, authorizationError } = socket;
  return {
    certificate: socket.getPeerCertificate(true),
    distrust: authorized ? undefined : String(authorizationError),
    protocol: socket.getProtocol() ?? "TLS",
    offersHttp2: socket.alpnProtocol === "h2",
  };
}

function handshakeFailure({ address, connection }: Examination, problem: string): Finding {
  const where = formatAddress(address);
  if (problem.startsWith("files: ")) {
    const advice = "give certificates and keys in PEM form, the key without passphrase";
    return failed("config", `the files of TLS cannot be used: ${problem.slice(7)}`, advice);
  }
  if (problem === "silence") {
    const text = `no TLS handshake within ${connection.connectTimeoutMs} ms`;
    return failed("unreachable", text, `check that ${where} is the port of the host`);
  }
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|UNKNOWN_CA|BAD_CERTIFICATE/.test(problem)) {
    const text = `the host refuses this program's certificate (${problem})`;
    return failed("denied", text, CLIENT_CERTIFICATE_ADVICE);
  }
  return failed(
    "unreachable",
    `${where} does not speak TLS (${problem})`,
    "connect without TLS: leave out --tls and the --tls-… files, or set AGENTMESH_TLS=false; or give the host a certificate: --tls-cert, --tls-key",
  );
}

/** What to do where a host asks callers for certificates. */
export const CLIENT_CERTIFICATE_ADVICE =
  "the host may ask for certificates: give --tls-cert and --tls-key, signed by an authority in the host's --tls-ca";

function judge(examination: Examination, shown: Handshake): Finding {
  const { certificate, distrust, protocol, offersHttp2 } = shown;
  const name = expectedName(examination);
  const [from, to] = [Date.parse(certificate.valid_from), Date.parse(certificate.valid_to)];
  const renew =
    "give the host a certificate that is valid now (--tls-cert, --tls-key) and restart it";
  if (Date.now() > to)
    return failed(
      "unreachable",
      `the host's certificate ran out at ${certificate.valid_to}`,
      renew,
    );
  if (Date.now() < from) {
    const text = `the host's certificate is valid only from ${certificate.valid_from}`;
    return failed("unreachable", text, `check the clock of this machine; or ${renew}`);
  }
  if (distrust !== undefined) return distrusted(examination, distrust);
  if (checkServerIdentity(name, certificate) !== undefined) return misnamed(name, certificate);
  if (!offersHttp2) {
    const text = `${protocol} stands, but the other side offers no HTTP/2`;
    return failed(
      "unreachable",
      text,
      "check that the port is that of a host and not of a proxy for HTTP/1",
    );
  }
  return ok(
    `${protocol}, certificate for ${namesOf(certificate)}, valid until ${certificate.valid_to}`,
  );
}

function distrusted({ connection }: Examination, why: string): Finding {
  const advice =
    connection.tls?.ca === undefined
      ? "name the authority that signed it: --tls-ca ca.pem (AGENTMESH_TLS_CA)"
      : "name the authority that signed the host's certificate: the one in --tls-ca did not";
  const text = `no trusted authority signed the host's certificate (${why})`;
  return failed("unreachable", text, advice);
}

function misnamed(name: string, certificate: DetailedPeerCertificate): Finding {
  const names = namesOf(certificate);
  const text = `the host's certificate is for ${names}, not for ${name}`;
  const advice = `use one of its names as --host, or say which to expect: --tls-server-name`;
  return failed("unreachable", text, advice);
}

/** `DNS:localhost, IP Address:127.0.0.1` as `localhost, 127.0.0.1`. */
function namesOf({ subjectaltname, subject }: DetailedPeerCertificate): string {
  const names = subjectaltname?.split(", ").map((name) => name.replace(/^[^:]*:/, ""));
  return names?.join(", ") ?? String(subject?.CN ?? "nobody");
}
