/**
 * Server reflection, `grpc.reflection.v1` and its older twin `v1alpha`: lets `buf curl` and grpcurl call a host without
 * its .proto files. It serves descriptors as they were compiled; @grpc/reflection re-creates them and loses imports.
 */
import { GRPC_STATUS } from "@agentmesh/proto";
import { WireReader, WireWriter } from "@agentmesh/proto/wire";
import type { Server, ServerDuplexStream } from "@grpc/grpc-js";
import type { DescriptorFile } from "./descriptors.ts";

const SERVICES = [
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
];

/** What one request asks for. */
type Question =
  | { readonly kind: "file"; readonly name: string }
  | { readonly kind: "symbol"; readonly name: string }
  | { readonly kind: "services" }
  | { readonly kind: "other" };

interface ReflectionRequest {
  /** The request as it came: an answer repeats it. */
  readonly bytes: Buffer;
  readonly question: Question;
}

type ReflectionCall = ServerDuplexStream<ReflectionRequest, Buffer>;

/** The schema that one server tells. */
export class Reflection {
  readonly #services: readonly string[];
  readonly #byName: ReadonlyMap<string, DescriptorFile>;
  readonly #bySymbol: ReadonlyMap<string, DescriptorFile>;

  /** `services` are the full names of those that the server has; `files` must describe them. */
  constructor(services: readonly string[], files: readonly DescriptorFile[]) {
    this.#services = services;
    this.#byName = new Map(files.map((file) => [file.name, file]));
    this.#bySymbol = new Map(
      files.flatMap((file) => file.symbols.map((symbol) => [symbol, file] as const)),
    );
  }

  /** Adds both versions of the service to a server. */
  register(server: Server): void {
    const serve = (call: ReflectionCall): void => this.#serve(call);
    for (const service of SERVICES) {
      const method = `/${service}/ServerReflectionInfo`;
      server.register(method, serve, (answer: Buffer) => answer, readRequest, "bidi");
    }
  }

  #serve(call: ReflectionCall): void {
    // A caller that leaves early is no failure of anything.
    call.on("error", () => call.destroy());
    call.on("data", (request: ReflectionRequest) => {
      if (call.write(this.#answer(request))) return;
      call.pause();
      call.once("drain", () => call.resume());
    });
    call.on("end", () => call.end());
  }

  #answer({ bytes, question }: ReflectionRequest): Buffer {
    switch (question.kind) {
      case "services":
        return answer(bytes, ANSWER.services, (body) => writeServices(body, this.#services));
      case "file":
        return this.#answerFile(bytes, this.#byName.get(question.name), question.name);
      case "symbol":
        return this.#answerFile(bytes, this.#bySymbol.get(question.name), question.name);
      case "other":
        return refuse(bytes, GRPC_STATUS.UNIMPLEMENTED, "this host has no extensions");
    }
  }

  #answerFile(request: Buffer, file: DescriptorFile | undefined, name: string): Buffer {
    if (file === undefined) return refuse(request, GRPC_STATUS.NOT_FOUND, `there is no ${name}`);
    const files = this.#withImports(file);
    return answer(request, ANSWER.files, (body) => {
      for (const { bytes } of files) body.bytes(0x0a, bytes);
    });
  }

  /** The file and all that it needs, which saves the caller further questions. */
  #withImports(file: DescriptorFile): ReadonlySet<DescriptorFile> {
    const found = new Set([file]);
    // A set hands out what is added to it while it is walked.
    for (const { imports } of found) {
      for (const name of imports) {
        const imported = this.#byName.get(name);
        if (imported !== undefined) found.add(imported);
      }
    }
    return found;
  }
}

/** Tags of `ServerReflectionRequest`. */
const REQUEST = { file: 0x1a, symbol: 0x22, services: 0x3a };

/** Tags of `ServerReflectionResponse`. */
const ANSWER = { request: 0x12, files: 0x22, services: 0x32, error: 0x3a };

function readRequest(bytes: Buffer): ReflectionRequest {
  const reader = new WireReader(bytes);
  let question: Question = { kind: "other" };
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === REQUEST.file) question = { kind: "file", name: reader.text() };
    else if (tag === REQUEST.symbol) question = { kind: "symbol", name: reader.text() };
    else {
      if (tag === REQUEST.services) question = { kind: "services" };
      reader.skip(tag);
    }
  }
  return { bytes, question };
}

function answer(request: Buffer, tag: number, write: (body: WireWriter) => void): Buffer {
  const writer = new WireWriter();
  writer.bytes(ANSWER.request, request);
  writer.byte(tag);
  const body = writer.open(request.length);
  write(writer);
  writer.close(body);
  return writer.copy();
}

/** `ListServiceResponse { 1: ServiceResponse { 1: name } }`. */
function writeServices(body: WireWriter, services: readonly string[]): void {
  for (const service of services) {
    body.byte(0x0a);
    const entry = body.open(service.length);
    body.text(0x0a, service);
    body.close(entry);
  }
}

/** `ErrorResponse { 1: error_code, 2: error_message }`. */
function refuse(request: Buffer, code: number, message: string): Buffer {
  return answer(request, ANSWER.error, (body) => {
    body.number(0x08, code);
    body.text(0x12, message);
  });
}
