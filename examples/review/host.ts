/** The host of the review: `node host.js`. Says `host ready on <address>`, and leaves when it is told to. */
import { createHost } from "@agentmesh/host";
import { leaveWhenTold } from "./leaving.ts";

/** Milliseconds for what is in flight when the host leaves. */
const GRACE_MS = 3_000;

const host = await createHost({ listen: "127.0.0.1:0", logLevel: "error" });
leaveWhenTold(() => host.drain({ graceMs: GRACE_MS }));

process.stdout.write(`host ready on ${host.address}\n`);
