/** The client of the plain service: `client-process <server>`. */
import { Client, credentials } from "@grpc/grpc-js";
import { readyMadePayload, serveClient } from "../../load/client-driver.ts";
import { textArgument } from "../../process/arguments.ts";
import { LARGE_BYTES } from "../../scenario.ts";
import { EXCHANGE_METHOD } from "./method.ts";

const client = new Client(textArgument(0), credentials.createInsecure());
const payload = readyMadePayload();
const large = readyMadePayload(LARGE_BYTES);

await serveClient({
  calls: { upload: () => exchange(large), download: () => exchange(payload) },
});

function exchange(bytes: Buffer): Promise<Buffer> {
  const { path, requestSerialize, responseDeserialize } = EXCHANGE_METHOD;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, bytes, (error, reply) => {
      if (error !== null || reply === undefined) reject(error ?? new Error("no reply"));
      else resolve(reply);
    });
  });
}
