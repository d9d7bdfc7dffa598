/** Broken messages: those of the recordings with single bytes changed. */
import { expect, test } from "vitest";
import type { AutogenChannel } from "../../support/autogen-channel.ts";
import { AutogenPeer } from "../../support/autogen-peer.ts";
import { hostForTest } from "../../support/host.ts";
import { until } from "../../support/waiting.ts";
import { loadRecordings } from "./recording.ts";

/** Bytes between two that are changed, and what they are changed by. */
const STEP = 23;
const CHANGES = [0x01, 0x80, 0xff];

/** What clients wrote to their channels, each several times with one byte changed. */
function brokenMessages(): Buffer[] {
  const messages = loadRecordings()
    .flatMap(({ records }) => records)
    .filter(({ direction, message_type: type }) => direction === "c2s" && type === "agents.Message")
    .map(({ base64 }) => base64)
    .filter(({ length }) => length < 1_024);
  return messages.flatMap((bytes, index) => {
    const broken: Buffer[] = [];
    for (let at = index % STEP; at < bytes.length; at += STEP) {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] as number) ^ (CHANGES[at % CHANGES.length] as number);
      broken.push(copy);
    }
    return broken;
  });
}

test("broken messages end the stream that wrote them or are answered, and nobody else notices", async () => {
  const log: string[] = [];
  const write = (line: string): void => void log.push(line);
  const mesh = await hostForTest({ logLevel: "error" }, undefined, { write });
  const good = new AutogenPeer(mesh.address);
  await good.open();
  await good.serve("echo", "default");
  good.echo("echo");
  const bad = new AutogenPeer(mesh.address);
  let channel: AutogenChannel | undefined;
  for (const bytes of brokenMessages()) {
    channel ??= await bad.open();
    channel.write(bytes);
    const { mark } = bad.inbox;
    const fence = bad.ask("echo/fence", "{}");
    const isAnswered = (): boolean =>
      bad.inbox.entries
        .slice(mark)
        .some(({ message }) => message?.$case === "response" && message.value.requestId === fence);
    const open: AutogenChannel = channel;
    await until(() => open.end !== undefined || isAnswered(), "an answer or the end");
    if (open.end !== undefined) channel = undefined;
  }
  expect((await good.request("echo/1", "well?")).payload?.data.toString()).toBe("1: well?");
  // A defect of the host is told as an error.
  expect(log).toEqual([]);
}, 60_000);
