/** The schema as reflection serves it: .proto files as they were compiled, and which of them holds what. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { WireReader } from "@agentmesh/proto/wire";

/** A compiled .proto file. */
export interface DescriptorFile {
  /** Path by which other files import it. */
  readonly name: string;
  /** Paths of the files that it imports. */
  readonly imports: readonly string[];
  /** Full names of its services, methods, messages and enums. */
  readonly symbols: readonly string[];
  /** The file as a `FileDescriptorProto`, byte by byte as it was compiled. */
  readonly bytes: Buffer;
}

/** Tags of the fields that matter here. */
const FILE = { name: 0x0a, package: 0x12, import: 0x1a, message: 0x22, enum: 0x2a, service: 0x32 };
const MESSAGE = { message: 0x1a, enum: 0x22 };
const SERVICE = { method: 0x12 };
const DECLARATION = { name: 0x0a };

/** The files of AgentMesh and of the health service. */
export function loadDescriptors(): DescriptorFile[] {
  const proto = createRequire(import.meta.url).resolve("@agentmesh/proto/package.json");
  const own = readFileSync(path.join(path.dirname(proto), "gen", "descriptors.binpb"));
  return [...readDescriptorSet(own), ...readDescriptorSet(HEALTH_SET)];
}

/** Reads a `FileDescriptorSet { 1: file }`. */
export function readDescriptorSet(set: Buffer): DescriptorFile[] {
  return [...fieldsOf(set)].map(([, file]) => readFile(file));
}

function readFile(bytes: Buffer): DescriptorFile {
  const texts = (wanted: number): string[] => valuesOf(bytes, wanted).map(String);
  const [name = ""] = texts(FILE.name);
  const [scope = ""] = texts(FILE.package);
  const symbols = [
    ...valuesOf(bytes, FILE.message).flatMap((message) => messageSymbols(scope, message)),
    ...valuesOf(bytes, FILE.enum).map((declaration) => nameIn(scope, declaration)),
    ...valuesOf(bytes, FILE.service).flatMap((service) => serviceSymbols(scope, service)),
  ];
  return { name, imports: texts(FILE.import), symbols, bytes };
}

function messageSymbols(scope: string, message: Buffer): string[] {
  const name = nameIn(scope, message);
  return [
    name,
    ...valuesOf(message, MESSAGE.message).flatMap((nested) => messageSymbols(name, nested)),
    ...valuesOf(message, MESSAGE.enum).map((nested) => nameIn(name, nested)),
  ];
}

function serviceSymbols(scope: string, service: Buffer): string[] {
  const name = nameIn(scope, service);
  return [name, ...valuesOf(service, SERVICE.method).map((method) => nameIn(name, method))];
}

/** Full name of a declaration; every kind of it has its name in field 1. */
function nameIn(scope: string, declaration: Buffer): string {
  const [name] = valuesOf(declaration, DECLARATION.name);
  return scope === "" ? String(name) : `${scope}.${name}`;
}

function valuesOf(message: Buffer, wanted: number): Buffer[] {
  return [...fieldsOf(message)].filter(([tag]) => tag === wanted).map(([, value]) => value);
}

/** The length-delimited fields of a message. */
function* fieldsOf(message: Buffer): Generator<readonly [tag: number, value: Buffer]> {
  const reader = new WireReader(message);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if ((tag & 7) === 2) yield [tag, reader.bytes()];
    else reader.skip(tag);
  }
}

/** `grpc/health/v1/health.proto` with Check and Watch, from `buf build --as-file-descriptor-set`. */
const HEALTH_SET = Buffer.from(
  [
    "CsoDChtncnBjL2hlYWx0aC92MS9oZWFsdGgucHJvdG8SDmdycGMuaGVhbHRoLnYxIi4KEkhlYWx0aENoZWNrUmVxdWVz",
    "dBIYCgdzZXJ2aWNlGAEgASgJUgdzZXJ2aWNlIrEBChNIZWFsdGhDaGVja1Jlc3BvbnNlEkkKBnN0YXR1cxgBIAEoDjIx",
    "LmdycGMuaGVhbHRoLnYxLkhlYWx0aENoZWNrUmVzcG9uc2UuU2VydmluZ1N0YXR1c1IGc3RhdHVzIk8KDVNlcnZpbmdT",
    "dGF0dXMSCwoHVU5LTk9XThAAEgsKB1NFUlZJTkcQARIPCgtOT1RfU0VSVklORxACEhMKD1NFUlZJQ0VfVU5LTk9XThAD",
    "Mq4BCgZIZWFsdGgSUAoFQ2hlY2sSIi5ncnBjLmhlYWx0aC52MS5IZWFsdGhDaGVja1JlcXVlc3QaIy5ncnBjLmhlYWx0",
    "aC52MS5IZWFsdGhDaGVja1Jlc3BvbnNlElIKBVdhdGNoEiIuZ3JwYy5oZWFsdGgudjEuSGVhbHRoQ2hlY2tSZXF1ZXN0",
    "GiMuZ3JwYy5oZWFsdGgudjEuSGVhbHRoQ2hlY2tSZXNwb25zZTABYgZwcm90bzM=",
  ].join(""),
  "base64",
);
