// Boots a machine from its user data alone: the Node it registers, or why none ever appears.

import { parseAllDocuments } from "yaml";
import { isJsonObject, type JsonObject } from "../../api/index.ts";
import { bootKosmos, bootRancher, bootTalos } from "./boot-agents.ts";
import { bootKubeadm } from "./boot-kubeadm.ts";
import { decodeUserData } from "./decode.ts";
import { readUserData, type CloudInitResult } from "./read-user-data.ts";
import { ScriptFacts } from "./script-facts.ts";
import { DoesNotJoin, type BootResult, type JoinedMachine, type MachineSurroundings } from "./surroundings.ts";

/** `userData` as the cloud hands it to the machine: text, or compressed bytes. */
export async function bootMachine(
  userData: string | Uint8Array,
  surroundings: MachineSurroundings,
  signal: AbortSignal = new AbortController().signal,
): Promise<BootResult> {
  try {
    return await boot(userData, surroundings, signal);
  } catch (error) {
    if (error instanceof DoesNotJoin) return { joins: false, reason: error.message };
    throw error;
  }
}

async function boot(
  data: string | Uint8Array,
  surroundings: MachineSurroundings,
  signal: AbortSignal,
): Promise<JoinedMachine> {
  const talos = talosConfig(data);
  if (talos !== undefined) return bootTalos(talos, surroundings);
  const script = new ScriptFacts(readable(data), surroundings);
  const join = script.find(/\bkubeadm join --config (\/[^\s;]+)/);
  if (join !== undefined) return await bootKubeadm(script, join, surroundings, signal);
  for (const distribution of ["k3s", "rke2"] as const) {
    const starts = script.has(new RegExp(`^systemctl start ${distribution}-agent$`));
    if (starts) return await bootRancher(script, distribution, surroundings, signal);
  }
  if (script.has(/\/node-agent -loglevel/)) return bootKosmos(script, surroundings);
  throw new DoesNotJoin("nothing in the user data joins a cluster");
}

/** cloud-init skips what it cannot read; a machine without that part is not looked into further. */
function readable(data: string | Uint8Array): CloudInitResult {
  try {
    return readUserData(data);
  } catch (cause) {
    throw new DoesNotJoin(`unreadable user data: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function talosConfig(data: string | Uint8Array): JsonObject | undefined {
  let text: string;
  try {
    text = decodeUserData(data);
  } catch {
    return undefined;
  }
  if (!/^machine:/m.test(text)) return undefined;
  const documents = parseAllDocuments(text);
  if ("empty" in documents || documents.some(({ errors }) => errors.length > 0)) return undefined;
  const values = documents.map((document) => document.toJS() as unknown).filter(isJsonObject);
  return values.find(({ machine }) => isJsonObject(machine));
}
