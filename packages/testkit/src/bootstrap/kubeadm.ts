// Runs kubeadm beside a control plane: whatever a real cluster has from it, this one gets from it too.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findBinary } from "../control-plane/index.ts";

/** Answers everything it printed. @throws Error with what it complained about */
export async function kubeadm(...args: readonly string[]): Promise<string> {
  return await kubeadmIn(undefined, ...args);
}

/** `dryRunFolder` takes what a dry run of joining writes. */
export async function kubeadmIn(dryRunFolder: string | undefined, ...args: readonly string[]): Promise<string> {
  const program = findBinary("kubeadm");
  if (program === undefined) throw new Error("kubeadm has not been built");
  const env = { ...process.env, ...(dryRunFolder !== undefined && { KUBEADM_JOIN_DRYRUN_DIR: dryRunFolder }) };
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, { env, maxBuffer: 16 * 1024 * 1024 });
    return `${stdout}${stderr}`;
  } catch (error) {
    const said = typeof error === "object" && error !== null && "stderr" in error ? String(error.stderr) : "";
    throw new Error(`kubeadm ${args.join(" ")}: ${said}`, { cause: error });
  }
}
