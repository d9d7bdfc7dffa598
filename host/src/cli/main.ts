#!/usr/bin/env node
import process from "node:process";
import { buffer } from "node:stream/consumers";
import { runProgram } from "./program.ts";

// Who reads the output may stop reading, as `head` does: then nothing is left to do.
process.stdout.on("error", () => process.exit(0));

const finished = runProgram(process.argv.slice(2), {
  env: process.env,
  columns: process.stdout.isTTY ? process.stdout.columns : undefined,
  print: (line) => process.stdout.write(`${line}\n`),
  complain: (line) => process.stderr.write(`${line}\n`),
  read: () => buffer(process.stdin),
  on: (signal, listener) => process.on(signal, listener),
});

// Not awaited here: a host that was drained through its admin service leaves nothing behind, and Node ends with 0.
void finished.then((exitCode) => process.exit(exitCode));
