/** `npm run build`: installs and compiles what changed. */
import { setUp } from "./setup.mjs";

await setUp();
