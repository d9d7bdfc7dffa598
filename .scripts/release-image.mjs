/** `npm run release-image`: freezes the schema as that of the release, which `buf breaking` compares with from then on. */
import { mkdirSync } from "node:fs";
import { capture, fail, inRoot, tool } from "./process.mjs";
import { installPackages } from "./setup.mjs";

if (await installPackages()) {
  mkdirSync(inRoot("proto", "release"), { recursive: true });
  const image = inRoot("proto", "release", "agentmesh.binpb");
  const { code, output } = await capture(
    tool("buf", ["build", "proto", "--exclude-source-info", "--output", image]),
  );
  if (code !== 0) fail(output);
}
