/** Whether the other side speaks HTTP/2, gRPC and health: over plain HTTP/2, so that any answer can be told. */
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from "node:http2";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { WireReader } from "@agentmesh/proto/wire";
import { formatAddress } from "../../options/address.ts";
import { codeOf } from "./network.ts";
import { type Examination, type Finding, failed, ok, type Step } from "./step.ts";
import { CLIENT_CERTIFICATE_ADVICE, expectedName, speaksTls, tlsOptions } from "./tls.ts";

/** Whether settings come: the first thing that an HTTP/2 server says. */
export const http2: Step = {
  name: "http/2",
  async run(examination) {
    const problem = await overHttp2(examination, async () => undefined);
    if (problem === undefined) return ok("settings received");
    const { address, connection } = examination;
    const where = formatAddress(address);
    if (connection.tls !== undefined) {
      const text = `the host ended the connection after the handshake (${problem})`;
      return failed("denied", text, CLIENT_CERTIFICATE_ADVICE);
    }
    if (await speaksTls(examination)) {
      const advice = "connect with TLS: --tls, with --tls-ca ca.pem when its authority is your own";
      return failed("unreachable", `${where} speaks TLS, not plaintext`, advice);
    }
    const text = `something listens on ${where}, but it does not speak HTTP/2 (${problem})`;
    return failed("unreachable", text, "check that the port is that of an AgentMesh host");
  },
};

/** Whether a gRPC server answers, and serves. */
export const health: Step = {
  name: "health",
  async run(examination) {
    let answer: Answer | undefined;
    const problem = await overHttp2(examination, async (session) => {
      answer = await check(session, examination);
      return undefined;
    });
    if (answer === undefined)
      return failed("unreachable", `no answer (${problem ?? "it was closed"})`, NO_HOST_ADVICE);
    return judge(answer);
  },
};

const NO_HOST_ADVICE =
  "check that the port is that of an AgentMesh host, and not of a proxy or web server";

/** What came back from a gRPC call. */
interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const SERVING = 1;
const UNIMPLEMENTED = "12";

function judge({ headers, trailers, body }: Answer): Finding {
  const contentType = String(headers["content-type"] ?? "no content type");
  if (!contentType.startsWith("application/grpc")) {
    const text = `an HTTP/2 server answers, but no gRPC (status ${headers[":status"]}, ${contentType})`;
    return failed("unreachable", text, NO_HOST_ADVICE);
  }
  const status = String(trailers["grpc-status"] ?? headers["grpc-status"] ?? "none");
  if (status === UNIMPLEMENTED)
    return failed(
      "unreachable",
      "a gRPC server answers that has no health service",
      NO_HOST_ADVICE,
    );
  if (status !== "0")
    return failed(
      "unreachable",
      `the health check fails with gRPC status ${status}`,
      NO_HOST_ADVICE,
    );
  if (servingOf(body) === SERVING) return ok("the host serves");
  const advice = "wait, or connect to another host of the mesh: workers do that by themselves";
  return failed("busy", "the host is draining and takes nothing new", advice);
}

/**
 * Opens a connection, waits for the server's settings and does the work.
 * @returns what the work came to, or why the connection did not stand.
 */
function overHttp2(
  examination: Examination,
  work: (session: ClientHttp2Session) => Promise<undefined>,
): Promise<string | undefined> {
  const { connection, address, ip } = examination;
  const isTls = connection.tls !== undefined;
  return new Promise((done) => {
    const session = connect(`${isTls ? "https" : "http"}://${formatAddress(address)}`, {
      createConnection: () =>
        isTls ? connectTls(tlsOptions(examination)) : connectTcp({ host: ip, port: address.port }),
    });
    const end = (problem: string | undefined): void => {
      clearTimeout(limit);
      session.destroy();
      done(problem);
    };
    const limit = setTimeout(end, connection.connectTimeoutMs, "silence");
    session.on("error", (error) => end(codeOf(error)));
    session.once("close", () => end("it was closed"));
    session.once(
      "remoteSettings",
      () => void work(session).then(end, (error) => end(codeOf(error))),
    );
  });
}

/** `grpc.health.v1.Health/Check` of the whole server: a message of no bytes behind its five of framing. */
function check(session: ClientHttp2Session, examination: Examination): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: "/grpc.health.v1.Health/Check",
      [constants.HTTP2_HEADER_AUTHORITY]: expectedName(examination),
      [constants.HTTP2_HEADER_CONTENT_TYPE]: "application/grpc",
      [constants.HTTP2_HEADER_TE]: "trailers",
    });
    let [headers, trailers]: IncomingHttpHeaders[] = [{}, {}];
    const chunks: Buffer[] = [];
    stream.once("response", (received) => {
      headers = received;
    });
    stream.once("trailers", (received) => {
      trailers = received;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.once("error", reject);
    stream.once("end", () =>
      resolve({ headers: headers ?? {}, trailers: trailers ?? {}, body: Buffer.concat(chunks) }),
    );
    stream.end(Buffer.alloc(5));
  });
}

/** `HealthCheckResponse { 1: status }`; 0 when it is none. */
function servingOf(body: Buffer): number {
  try {
    const reader = new WireReader(body.subarray(5));
    return reader.tag() === 0x08 ? reader.varint() : 0;
  } catch {
    return 0;
  }
}
