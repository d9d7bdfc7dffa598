import { talk } from "./chat.ts";

for (const line of await talk()) process.stdout.write(`${line}\n`);
