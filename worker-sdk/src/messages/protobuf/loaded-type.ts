import type protobuf from "protobufjs";
import protojson from "protobufjs/ext/protojson.js";
import type { ProtobufType } from "../protobuf-codec.ts";
import { descriptorSetOf } from "./descriptor-set.ts";
import { fieldProblem } from "./field-check.ts";

/** Messages as plain objects. Nothing is lost: numbers have no room for all 64-bit integers, texts have. */
const PLAIN: protobuf.IConversionOptions = { longs: String, enums: String, defaults: true };

/** A message type that was loaded from `.proto` files. Hand it to `defineMessage`. */
export class LoadedType<Message extends object> implements ProtobufType<Message> {
  readonly #type: protobuf.Type;

  /** Made by `loadProtobuf`. */
  constructor(type: protobuf.Type) {
    this.#type = type;
  }

  encode(message: Message): { finish(): Uint8Array } {
    return this.#type.encode(this.#checked(message));
  }

  decode(bytes: Uint8Array): Message {
    // From a Buffer protobufjs reads fields of bytes as Buffers.
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.#plain(this.#type.decode(buffer));
  }

  toJSON(message: Message): unknown {
    return protojson.toJson(this.#type, this.#checked(message));
  }

  fromJSON(json: unknown): Message {
    return this.#plain(protojson.fromJson(this.#type, json));
  }

  descriptorSet(): Uint8Array | undefined {
    return descriptorSetOf(this.#type);
  }

  #checked(message: Message): protobuf.Message {
    const problem = fieldProblem(this.#type, message);
    if (problem !== undefined) throw new TypeError(problem);
    return this.#type.fromObject(message);
  }

  #plain(message: protobuf.Message): Message {
    // What the fields hold is up to the loaded files: who names a type for it knows them.
    return this.#type.toObject(message, PLAIN) as Message;
  }
}
