/**
 * The client of the relay: `client-process <relay address>`. A frame is the number of its call in
 * eight bytes and the payload; the reply comes with the same number.
 */
import { readyMadePayload, serveClient } from "../../load/client-driver.ts";
import { textArgument } from "../../process/arguments.ts";
import { dialRelay } from "./relay-stream.ts";

const NUMBER_BYTES = 8;

const payload = readyMadePayload();
const waiting = new Map<number, (reply: Buffer) => void>();
let lastNumber = 0;

const link = await dialRelay(textArgument(0), "client", (frame) => {
  const number = frame.readDoubleBE(0);
  const settle = waiting.get(number);
  waiting.delete(number);
  settle?.(frame.subarray(NUMBER_BYTES));
});

await serveClient({ calls: { send } });

function send(): Promise<Buffer> {
  const number = ++lastNumber;
  const frame = Buffer.allocUnsafe(NUMBER_BYTES + payload.length);
  frame.writeDoubleBE(number, 0);
  frame.set(payload, NUMBER_BYTES);
  return new Promise((resolve) => {
    waiting.set(number, resolve);
    link.push(frame);
  });
}
