/** Messages from a `.proto` file: nothing is generated, and who speaks another language has the same file. */
import path from "node:path";
import { defineMessage } from "@agentmesh/worker-sdk";
import { loadProtobuf } from "@agentmesh/worker-sdk/protobuf";

const HERE = import.meta.dirname;
/** Beside this file, or beside its source when this is the compiled one. */
const includeDirs = [HERE, path.join(HERE, "../../chat")];
const chat = loadProtobuf("chat.proto", { includeDirs });

export interface LineContent {
  readonly author: string;
  readonly text: string;
}

const line = chat.type<LineContent>("chat.Line");

/** Travels as protobuf. */
export const Line = defineMessage("chat.Line", line);
/** The same message for who would rather send JSON; receivers take either. */
export const LineAsJson = defineMessage("chat.Line", line, { encoding: "json" });

export const Transcript = defineMessage(
  "chat.Transcript",
  chat.type<{ readonly lines: readonly LineContent[] }>("chat.Transcript"),
);
export const History = defineMessage(
  "chat.History",
  chat.type<{ readonly most: number }>("chat.History"),
  { reply: Transcript },
);
