/** The rows: what is broken, and what must hold. */
import type { Row } from "./row.ts";
import { cuts } from "./rows/cuts.ts";
import { disk } from "./rows/disk.ts";
import { hostKill } from "./rows/host-kill.ts";
import { poison } from "./rows/poison.ts";
import { replay } from "./rows/replay.ts";
import { restart100 } from "./rows/restart-100.ts";
import { settle } from "./rows/settle.ts";

/** All rows, in the order in which they run. */
export const ROWS: readonly Row[] = [settle, cuts, hostKill, poison, restart100, disk, replay];
