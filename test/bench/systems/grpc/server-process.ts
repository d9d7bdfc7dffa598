/** A plain service on grpc-js with its default options: answers a long message with nothing, a short one with a long. */
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { readyMadePayload } from "../../load/client-driver.ts";
import { reportReady } from "../../process/report-to-bench.ts";
import { LARGE_BYTES } from "../../scenario.ts";
import { EXCHANGE_METHOD } from "./method.ts";

const large = readyMadePayload(LARGE_BYTES);
const nothing = Buffer.alloc(0);

const server = new Server();
server.addService(
  { exchange: EXCHANGE_METHOD },
  {
    exchange: (
      { request }: { readonly request: Buffer },
      answer: (error: null, bytes: Buffer) => void,
    ) => answer(null, request.length === LARGE_BYTES ? nothing : large),
  },
);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  reportReady(port);
});
