/**
 * The descriptors of a loaded message type and of all that it refers to. protobufjs keeps no files, so there is one file
 * per package; it leaves imports and JSON names away and type names relative, which other readers
 * do not put up with.
 */
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor.js";

type TopLevel = protobuf.Type | protobuf.Enum;
type MessageDescriptor = ReturnType<protobuf.Type["toDescriptor"]>;

interface PackageFile {
  readonly package: string;
  readonly members: TopLevel[];
  readonly imports: Set<string>;
}

/** Encoded; undefined for what only proto2 can say, and for packages that refer to each other in a circle. */
export function descriptorSetOf(type: protobuf.Type): Uint8Array | undefined {
  const members = reachable(type);
  if (!members.every(isProto3)) return undefined;
  const files = inOrder(filesOf(members));
  if (files === undefined) return undefined;
  const set = descriptor.FileDescriptorSet.create({ file: files.map(toFile) });
  return descriptor.FileDescriptorSet.encode(set).finish();
}

/** The top-level types that a type consists of, itself included. */
function reachable(type: protobuf.Type): TopLevel[] {
  const found = new Set<TopLevel>([topLevel(type)]);
  for (const member of found) {
    for (const field of fieldsWithin(member)) {
      if (field.resolvedType !== null) found.add(topLevel(field.resolvedType));
    }
  }
  return [...found];
}

function topLevel(object: TopLevel): TopLevel {
  return object.parent instanceof protobuf.Type ? topLevel(object.parent) : object;
}

function fieldsWithin(object: protobuf.ReflectionObject): protobuf.Field[] {
  if (!(object instanceof protobuf.Type)) return [];
  const own = object.fieldsArray.map((field) => field.resolve());
  return [...own, ...object.nestedArray.flatMap(fieldsWithin)];
}

function isProto3(object: TopLevel): boolean {
  return fieldsWithin(object).every((field) => {
    if (field.required || field.delimited) return false;
    const isPlain = field.partOf === null && !field.repeated && !field.map;
    return !isPlain || field.resolvedType instanceof protobuf.Type || !field.hasPresence;
  });
}

function filesOf(members: readonly TopLevel[]): ReadonlyMap<string, PackageFile> {
  const files = new Map<string, PackageFile>();
  for (const member of members) {
    const name = packageOf(member);
    const file = files.get(name) ?? { package: name, members: [], imports: new Set<string>() };
    files.set(name, file);
    file.members.push(member);
    for (const { resolvedType } of fieldsWithin(member)) {
      if (resolvedType !== null) file.imports.add(packageOf(topLevel(resolvedType)));
    }
    file.imports.delete(name);
  }
  return files;
}

function packageOf(member: TopLevel): string {
  return (member.parent?.fullName ?? "").slice(1);
}

/** Each file behind those that it imports; undefined when there is no such order. */
function inOrder(files: ReadonlyMap<string, PackageFile>): PackageFile[] | undefined {
  const placed = new Map<string, PackageFile>();
  while (placed.size < files.size) {
    const before = placed.size;
    for (const [name, file] of files) {
      if ([...file.imports].every((imported) => placed.has(imported))) placed.set(name, file);
    }
    if (placed.size === before) return undefined;
  }
  return [...placed.values()];
}

function fileName(packageName: string): string {
  return `${packageName === "" ? "default" : packageName.replaceAll(".", "/")}.proto`;
}

function toFile(file: PackageFile): descriptor.IFileDescriptorProto {
  return {
    name: fileName(file.package),
    package: file.package,
    dependency: [...file.imports].map(fileName),
    messageType: file.members.flatMap((member) =>
      member instanceof protobuf.Type ? [toMessage(member)] : [],
    ),
    enumType: file.members.flatMap((member) =>
      member instanceof protobuf.Enum ? [member.toDescriptor()] : [],
    ),
    syntax: "proto3",
  };
}

function toMessage(type: protobuf.Type): MessageDescriptor {
  const message = type.toDescriptor("proto3");
  const { nestedType = [] } = message;
  for (const described of message.field ?? []) {
    const field = type.fieldsById[described.number ?? 0];
    described.jsonName ||= described.name ?? "";
    if (field instanceof protobuf.MapField) nameEntry(type, field, described, nestedType);
    else if (field?.resolvedType) described.typeName = field.resolvedType.fullName;
  }
  for (const nested of nestedType) {
    const own = nested.options?.mapEntry ? undefined : type.nested?.[nested.name ?? ""];
    if (own instanceof protobuf.Type) Object.assign(nested, toMessage(own));
  }
  return message;
}

/** A map is a repeated field of entries, whose name readers insist on. */
function nameEntry(
  type: protobuf.Type,
  map: protobuf.MapField,
  described: descriptor.IFieldDescriptorProto,
  nested: readonly descriptor.IDescriptorProto[],
): void {
  const entry = nested.find(
    ({ name, options }) => options?.mapEntry === true && name === described.typeName,
  );
  if (entry === undefined) return;
  entry.name = `${described.typeName}Entry`;
  described.typeName = `${type.fullName}.${entry.name}`;
  const value = entry.field?.[1];
  if (value !== undefined && map.resolvedType !== null) value.typeName = map.resolvedType.fullName;
}
