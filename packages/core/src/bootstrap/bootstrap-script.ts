// The frame of the script that joins a machine: its log, its last words, and what the machine must find out about itself first.

import { BootstrapError } from "./bootstrap-error.ts";
import { POST_SCRIPT_PATH, PRE_SCRIPT_PATH } from "./cloud-config.ts";
import type { JoinPlan, ProviderID } from "./join-plan.ts";
import { NODE_IP_SLOT, PROVIDER_ID_SLOT } from "./kubelet-args.ts";
import { shellQuote } from "./shell.ts";

export interface ScriptSteps {
  /** Files with slots to be filled in on the machine. */
  readonly files: readonly string[];
  /** The agent reads them at every start; otherwise they go at the end, for they hold what lets a machine in. */
  readonly keepFiles?: boolean;
  readonly install: readonly string[];
  readonly join: readonly string[];
}

/** Log and console may stand elsewhere while the script is tried out. */
const HEAD = `#!/bin/bash
# Joins this machine to its Kubernetes cluster.
set -euo pipefail
umask 022
export PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
log="\${KARPENTER_LOG:-/var/log/karpenter-bootstrap.log}"
console="\${KARPENTER_CONSOLE:-/dev/console}"
exec >>"$log" 2>&1
say() {
  printf 'karpenter: %s\\n' "$1"
  printf 'karpenter: %s\\n' "$1" >>"$console" || true
}
trap 'code=$?; [ "$code" -eq 0 ] || say "this machine does not join: exit code $code, see $log"' EXIT`;

export function bootstrapScript(plan: JoinPlan, steps: ScriptSteps): string {
  const { node, settings = {} } = plan;
  const sections = [
    [HEAD],
    settings.prepare ?? [],
    providerIDLines(node.providerID, steps.files),
    nodeIPLines(node.nodeIPInterface, steps.files),
    steps.install,
    settings.preScript ? [`bash ${PRE_SCRIPT_PATH}`] : [],
    steps.join,
    settings.postScript ? [`bash ${POST_SCRIPT_PATH}`] : [],
    steps.keepFiles ? [] : [`rm -f ${steps.files.map(shellQuote).join(" ")}`],
    ['say "this machine has joined"'],
  ];
  const filled = sections.filter((lines) => lines.length > 0);
  return `${filled.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

/** A few attempts: a private network or its DNS may come up late (Appendix A). */
export function withRetries(command: string): readonly string[] {
  return [
    "joined=",
    "for attempt in 1 2 3 4 5; do",
    `  if ${command}; then joined=yes; break; fi`,
    '  say "attempt $attempt to join has failed"',
    '  [ "$attempt" -eq 5 ] || sleep 20',
    "done",
    '[ -n "$joined" ]',
  ];
}

/** C-70: only a UUID is believed. */
function providerIDLines(id: ProviderID, files: readonly string[]): readonly string[] {
  if ("known" in id) return [];
  if (id.lookups.length === 0)
    throw new BootstrapError("ProviderIDUnknown", "no way to find the machine's id is given");
  return [
    "machine_id=",
    `for lookup in ${id.lookups.map(shellQuote).join(" ")}; do`,
    `  machine_id="$(timeout 20 bash -c "$lookup" 2>/dev/null | tr -d '[:space:]' | tr A-F a-f || true)"`,
    '  [[ "$machine_id" =~ ^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$ ]] && break',
    "  machine_id=",
    "done",
    '[ -n "$machine_id" ] || { say "the machine does not find its own id"; exit 1; }',
    `sed -i "s|${PROVIDER_ID_SLOT}|$machine_id|g" ${files.map(shellQuote).join(" ")}`,
  ];
}

/** The address of an interface, by its name or its hardware address. */
function nodeIPLines(nic: string | undefined, files: readonly string[]): readonly string[] {
  if (nic === undefined) return [];
  if (!/^([A-Za-z0-9_.-]{1,15}|([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2})$/.test(nic)) {
    throw new BootstrapError("InvalidNode", `not a network interface: ${JSON.stringify(nic)}`);
  }
  const device = nic.includes(":")
    ? `"$(grep -il ${shellQuote(nic)} /sys/class/net/*/address | head -n 1 | cut -d/ -f5)"`
    : shellQuote(nic);
  return [
    "node_ip=",
    "for attempt in $(seq 60); do",
    `  device=${device}`,
    `  [ -z "$device" ] || node_ip="$(ip -4 -o addr show dev "$device" scope global 2>/dev/null | awk '{ sub("/.*", "", $4); print $4; exit }' || true)"`,
    '  [ -z "$node_ip" ] || break',
    "  sleep 2",
    "done",
    `[ -n "$node_ip" ] || { say "no IPv4 address on ${nic} after 120 s"; exit 1; }`,
    `sed -i "s|${NODE_IP_SLOT}|$node_ip|g" ${files.map(shellQuote).join(" ")}`,
  ];
}
