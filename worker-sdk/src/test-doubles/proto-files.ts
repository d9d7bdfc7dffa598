import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** `.proto` files in a folder of their own. */
export interface ProtoFiles extends AsyncDisposable {
  readonly folder: string;
  /** Path of a file. */
  path(name: string): string;
}

/** Writes files by name. */
export async function protoFiles(files: Readonly<Record<string, string>>): Promise<ProtoFiles> {
  const folder = await mkdtemp(path.join(tmpdir(), "agentmesh-proto-"));
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  return {
    folder,
    path: (name) => path.join(folder, name),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

/** One message with a field of every kind, and what it takes from another package. */
export const KINDS: Readonly<Record<string, string>> = {
  "kinds.proto": `
    syntax = "proto3";
    package demo;
    import "google/protobuf/timestamp.proto";
    import "places.proto";

    message Kinds {
      string a_text = 1;
      int32 small = 2;
      uint32 count = 3;
      int64 large = 4;
      uint64 larger = 5;
      double ratio = 6;
      bool is_on = 7;
      bytes raw = 8;
      Colour colour = 9;
      Leaf leaf = 10;
      repeated string names = 11;
      repeated Leaf leaves = 12;
      map<string, int32> scores = 13;
      map<int32, Leaf> by_number = 14;
      oneof choice {
        string left = 15;
        int32 right = 16;
      }
      optional int32 maybe = 17;
      google.protobuf.Timestamp at = 18;
      demo.places.Place place = 19;
      Kinds inner = 20;
      sint32 zig = 21;
      fixed64 fixed = 22;
      float less = 23;
      map<bool, Colour> flags = 24;
      message Leaf {
        string label = 1;
      }
    }

    enum Colour {
      COLOUR_UNSPECIFIED = 0;
      COLOUR_RED = 1;
      COLOUR_BLUE = -5;
    }
  `,
  "places.proto": `
    syntax = "proto3";
    package demo.places;

    message Place {
      string name = 1;
      Size size = 2;
      enum Size {
        SIZE_UNSPECIFIED = 0;
        SIZE_LARGE = 1;
      }
    }
  `,
};
