/** Touches many agents once: `keys-client-process <host> <process id of the host> <of the worker>`. */
import { connectWorker } from "@agentmesh/worker-sdk";
import { readyMadePayload, serveClient } from "../../load/client-driver.ts";
import { measureKeys } from "../../load/keys.ts";
import { numberArgument, textArgument } from "../../process/arguments.ts";
import { keyId, Upload } from "./bench-agents.ts";

const mesh = await connectWorker({ host: textArgument(0), name: "bench-client" });
const payload = readyMadePayload();

await serveClient({
  calls: {},
  keys: (count, window) =>
    measureKeys((key) => mesh.send(keyId(key), Upload(payload)), {
      count,
      window,
      pids: [numberArgument(1), numberArgument(2)],
    }),
});
