// Runs kubeadm beside a control plane: whatever a real cluster has from it, this one gets from it too.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findBinary } from "../control-plane/index.ts";

/** Answers everything it printed. @throws Error with what it complained about */
export async function kubeadm(...args: readonly string[]): Promise<string> {
  const program = findBinary("kubeadm");
  if (program === undefined) throw new Error("kubeadm has not been built");
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args);
    return `${stdout}${stderr}`;
  } catch (error) {
    const said = typeof error === "object" && error !== null && "stderr" in error ? String(error.stderr) : "";
    throw new Error(`kubeadm ${args.join(" ")}: ${said}`, { cause: error });
  }
}
