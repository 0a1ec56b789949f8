// kubectl as a person uses it, against the test's control plane.

import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { findBinary } from "@karpenter-multicloud/testkit/control-plane";

/** Answers what it printed. `input` is what `-f -` reads. @throws Error with what kubectl complained about */
export async function kubectl(kubeconfig: string, args: readonly string[], input = ""): Promise<string> {
  const program = findBinary("kubectl");
  if (program === undefined) throw new Error("kubectl has not been built");
  const child = spawn(program, ["--kubeconfig", kubeconfig, ...args], { stdio: "pipe" });
  const ended = new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
  // A command that ends without reading breaks the pipe; how it ended says the rest.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [code, printed, complaint] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${complaint.trim()}`);
  return printed;
}
