/** The examples that check themselves, as their readers run them. */
import { expect, test } from "vitest";
import { startModule } from "../support/processes.ts";

/** Milliseconds of real time for an example with its host and its workers on a busy machine. */
const RUN_MS = 25_000;

test.each(["http-server", "many-workers", "sigterm", "worker-threads"])(
  "%s does what it says",
  async (name) => {
    const module = new URL(`../../examples/dist/${name}/main.js`, import.meta.url);
    const running = startModule(name, module, []);
    const end = await running.finished(RUN_MS);
    expect(end, running.lastWords).toEqual({ code: 0, signal: null });
    expect(running.err.entries).toEqual([]);
    expect(running.out.entries.at(-1)).toMatch(/^ok: /);
  },
);
