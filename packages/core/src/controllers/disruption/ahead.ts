// The cluster as it will be when the commands that run have been carried out: what is decided beside them counts on it (DX-22, DX-32).

import type { Pod } from "../../api/index.ts";
import type { DisruptionNode } from "../../disruption/index.ts";
import type { NodeInput } from "../../scheduling/index.ts";
import { isEarly, type RunningCommand } from "./command.ts";

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
  return {
    nodes: nodes.map((node) => (leaving.has(node.name) ? { ...node, markedForDeletion: true, pods: [] } : node)),
    inputs: inputs.flatMap((input) => {
      if (leaving.has(input.name)) return [];
      const pods = arriving.get(input.name);
      return [pods === undefined ? input : { ...input, pods: [...input.pods, ...pods] }];
    }),
  };
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
