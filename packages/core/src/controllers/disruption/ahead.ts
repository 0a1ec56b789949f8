// The cluster as it will be when the commands that run have been carried out: what is decided beside them counts on it (DX-22, DX-32).

import type { Pod } from "../../api/index.ts";
import type { DisruptionNode } from "../../disruption/index.ts";
import type { NodeInput } from "../../scheduling/index.ts";
import { seconds, type Duration } from "../../units/index.ts";
import { isEarly, type RunningCommand } from "./command.ts";

/** More than it takes from when a command is due until it has looked at its nodes. */
const UNTIL_NOMINATED: Duration = seconds(10);

export interface Picture {
  readonly nodes: readonly DisruptionNode[];
  readonly inputs: readonly NodeInput[];
}

/** Their nodes are on their way out and count against budgets; their pods take up the room that was planned for them. */
export function afterCommands({ nodes, inputs }: Picture, commands: readonly RunningCommand[]): Picture {
  const planned = commands.filter(isPlanned);
  const leaving = new Set(planned.flatMap(({ proposed }) => proposed.nodes));
  if (leaving.size === 0) return { nodes, inputs };
  const byClaim = new Map(nodes.map(({ name, nodeClaim }) => [nodeClaim?.metadata.name ?? "", name]));
  const arriving = new Map<string, Pod[]>();
  for (const { node, pods } of planned.flatMap((command) => placesOf(command, byClaim))) {
    // Those that wait or flee from elsewhere were only planned for along with them.
    const moved = pods.filter(({ spec }) => leaving.has(spec.nodeName ?? ""));
    const there = moved.map((pod) => ({ ...pod, spec: { ...pod.spec, nodeName: node } }));
    arriving.set(node, [...(arriving.get(node) ?? []), ...there]);
  }
  const promised = promisedNodes(planned, leaving);
  return {
    nodes: nodes.map((node) => {
      if (leaving.has(node.name)) return { ...node, markedForDeletion: true, pods: [] };
      const until = promised.get(node.name);
      return until === undefined ? node : { ...node, nominatedUntil: Math.max(until, node.nominatedUntil ?? 0) };
    }),
    inputs: inputs.flatMap((input) => {
      if (leaving.has(input.name)) return [];
      const pods = arriving.get(input.name);
      return [pods === undefined ? input : { ...input, pods: [...input.pods, ...pods] }];
    }),
  };
}

/** Promised from the moment it is decided; when a command begins its nodes are nominated. By name, until when. */
function promisedNodes(planned: readonly RunningCommand[], leaving: ReadonlySet<string>): ReadonlyMap<string, number> {
  const promised = new Map<string, number>();
  for (const { proposed, dueAt } of planned.filter(isEarly)) {
    for (const { node, pods } of proposed.existing) {
      if (!pods.some(({ spec }) => leaving.has(spec.nodeName ?? ""))) continue;
      promised.set(node, Math.max(dueAt + UNTIL_NOMINATED, promised.get(node) ?? 0));
    }
  }
  return promised;
}

/** Where pods go is not known of a command that was resumed after a restart, nor of nodes of static pools. */
function isPlanned(command: RunningCommand): boolean {
  if (isEarly(command) || command.phase !== "starting") return true;
  return command.proposed.replacements.length === command.replacements.length;
}

interface Place {
  readonly node: string;
  readonly pods: readonly Pod[];
}

/** Machines that are not ordered yet are nowhere to be seen. */
function placesOf(command: RunningCommand, nodeOfClaim: ReadonlyMap<string, string>): readonly Place[] {
  const { existing, replacements } = command.proposed;
  if (command.phase !== "starting") return existing;
  const started = command.replacements.flatMap((claim, index) => {
    const node = nodeOfClaim.get(claim);
    const pods = replacements[index]?.pods;
    return node === undefined || pods === undefined ? [] : [{ node, pods }];
  });
  return [...existing, ...started];
}
