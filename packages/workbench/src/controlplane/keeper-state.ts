// What `up`, `down` and the background process know of each other: files in the control plane's folder.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OptionalComponent } from "@karpenter-multicloud/testkit/control-plane";

export const ALL_COMPONENTS: readonly OptionalComponent[] = ["scheduler", "controller-manager", "kwok"];

export interface KeeperState {
  /** Of the background process; never sent a signal, because ids are used again. */
  readonly pid: number;
  readonly kubeconfig: string;
}

/** First message of the background process. */
export type KeeperMessage = { readonly kubeconfig: string } | { readonly error: string };

export function stopFile(folder: string): string {
  return join(folder, "stop");
}

export async function writeKeeperState(folder: string, state: KeeperState): Promise<void> {
  await writeFile(stateFile(folder), JSON.stringify(state));
}

/** Undefined when nothing runs there. */
export async function readKeeperState(folder: string): Promise<KeeperState | undefined> {
  const text = await readFile(stateFile(folder), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const state = JSON.parse(text) as KeeperState;
  return isAlive(state.pid) ? state : undefined;
}

function stateFile(folder: string): string {
  return join(folder, "keeper.json");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
