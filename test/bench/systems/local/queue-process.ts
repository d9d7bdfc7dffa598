/** What a mailbox is at least: a queue of calls for each key, one call at a time, each answered by a promise. */
import { readyMadePayload, serveClient } from "../../load/client-driver.ts";
import { roundRobin } from "../../load/round-robin.ts";
import { KEY_COUNT } from "../../scenario.ts";

interface Call {
  readonly message: Buffer;
  readonly resolve: (reply: Buffer) => void;
}

class Mailbox {
  readonly #calls: Call[] = [];
  readonly #handler: (message: Buffer) => Promise<Buffer>;
  #isRunning = false;

  constructor(handler: (message: Buffer) => Promise<Buffer>) {
    this.#handler = handler;
  }

  send(message: Buffer): Promise<Buffer> {
    return new Promise((resolve) => {
      this.#calls.push({ message, resolve });
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let call = this.#calls.shift(); call !== undefined; call = this.#calls.shift()) {
      call.resolve(await this.#handler(call.message));
    }
    this.#isRunning = false;
  }
}

const mailbox = roundRobin(
  Array.from({ length: KEY_COUNT }, () => new Mailbox(async (message) => message)),
);
const payload = readyMadePayload();

await serveClient({ calls: { send: (turn) => mailbox(turn).send(payload) } });
