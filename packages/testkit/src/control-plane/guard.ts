// A process that runs the components as its own children. When the process that asked for them ends, in whatever way, its standard input
// closes: it then ends them by their process ids and removes their folder.

import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import type { GuardEvent, GuardOrder } from "./guard-protocol.ts";

const folder = process.argv[2] ?? "";
const children = new Map<number, ChildProcess>();
let ending = false;

function tell(event: GuardEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function start({ id, command, args, log }: Extract<GuardOrder, { readonly order: "start" }>): void {
  const output = openSync(log, "a");
  const child = spawn(command, args, { stdio: ["ignore", output, output] });
  closeSync(output);
  children.set(id, child);
  child.on("spawn", () => {
    tell({ event: "started", id, pid: child.pid ?? 0 });
  });
  child.on("error", (error) => {
    children.delete(id);
    tell({ event: "ended", id, how: error.message });
    endIfLast();
  });
  child.on("exit", (code, signal) => {
    children.delete(id);
    tell({ event: "ended", id, how: signal === null ? `exit code ${code ?? 0}` : signal });
    endIfLast();
  });
}

function obey(line: string): void {
  const order = JSON.parse(line) as GuardOrder;
  if (order.order === "start") start(order);
  else children.get(order.id)?.kill("SIGKILL");
}

/** Nothing of a test's control plane is worth a graceful end. */
function end(): void {
  ending = true;
  for (const child of children.values()) child.kill("SIGKILL");
  endIfLast();
}

function endIfLast(): void {
  if (!ending || children.size > 0) return;
  process.chdir("/");
  if (folder !== "") rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}

process.on("SIGINT", () => undefined);
process.on("SIGHUP", () => undefined);
process.on("SIGTERM", end);
// Nobody listens any more: the end of the input says the same.
process.stdout.on("error", () => undefined);
createInterface({ input: process.stdin }).on("line", obey).on("close", end);
