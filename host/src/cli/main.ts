#!/usr/bin/env node
import process from "node:process";
import { runProgram } from "./program.ts";

const finished = runProgram(process.argv.slice(2), {
  env: process.env,
  print: (line) => process.stdout.write(`${line}\n`),
  complain: (line) => process.stderr.write(`${line}\n`),
  on: (signal, listener) => process.on(signal, listener),
});

// Not awaited here: a host that was drained through its admin service leaves nothing behind, and Node ends with 0.
void finished.then((exitCode) => process.exit(exitCode));
