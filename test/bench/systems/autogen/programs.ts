import path from "node:path";
import { ROOT } from "../../../interop/environment.ts";

/** A program in Python that stands beside this source. */
export function programOf(file: string): string {
  return path.join(ROOT, "test", "bench", "systems", "autogen", file);
}
