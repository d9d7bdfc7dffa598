import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { loadServerCredentials } from "./tls.ts";

const MISSING = path.join(tmpdir(), "agentmesh", "no-such.pem");

describe("credentials of the server", () => {
  test("are plaintext without files", () => {
    expect(loadServerCredentials(undefined)._isSecure()).toBe(false);
  });

  test.each([
    [{ cert: MISSING, key: MISSING }, `tls-cert: cannot read ${MISSING}: there is no such file`],
    [{ cert: tmpdir(), key: MISSING }, `tls-cert: cannot read ${tmpdir()}: it is a directory`],
  ])("need files that can be read: %j", (files, text) => {
    expect(() => loadServerCredentials({ ...files, ca: undefined })).toThrow(
      `INVALID_ARGUMENT: ${text}`,
    );
  });
});
