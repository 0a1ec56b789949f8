// Starts and ends the background process that holds a control plane.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isClaimed } from "@karpenter-multicloud/testkit/control-plane";
import { readKeeperState, stopFile, type KeeperMessage } from "./keeper-state.ts";

const KEEPER = fileURLToPath(new URL(`./keeper${extname(import.meta.url)}`, import.meta.url));
const POLL_MS = 100;
const PATIENCE_MS = 30_000;

/** Path of the kubeconfig; of the one that runs there already, if one does. */
export async function bringUp(folder: string, withDefinitions: boolean): Promise<string> {
  const path = resolve(folder);
  const running = await readKeeperState(path);
  if (running !== undefined) return running.kubeconfig;
  const args = [...process.execArgv, KEEPER, path, ...(withDefinitions ? ["--crds"] : [])];
  const keeper = spawn(process.execPath, args, { detached: true, stdio: ["ignore", "ignore", "ignore", "ipc"] });
  const message = await new Promise<KeeperMessage>((done) => {
    keeper.on("message", (received) => {
      done(received as KeeperMessage);
    });
    keeper.on("error", (error) => {
      done({ error: error.message });
    });
    keeper.on("exit", (code) => {
      done({ error: `its process ended with ${code}` });
    });
  });
  keeper.unref();
  if ("error" in message) throw new Error(`the control plane did not start: ${message.error}`);
  return message.kubeconfig;
}

/** False when none ran there. */
export async function takeDown(folder: string): Promise<boolean> {
  const path = resolve(folder);
  const running = await readKeeperState(path);
  if (running === undefined) {
    if (await isClaimed(path)) await rm(path, { recursive: true, force: true });
    return false;
  }
  await writeFile(stopFile(path), "");
  for (let waited = 0; existsSync(path); waited += POLL_MS) {
    if (waited > PATIENCE_MS) throw new Error(`the control plane in ${path} does not end (process ${running.pid})`);
    await sleep(POLL_MS);
  }
  return true;
}
