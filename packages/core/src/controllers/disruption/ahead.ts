// The cluster as it will be when the commands that wait have been carried out: what is decided beside them counts on it (DX-22, DX-32).

import type { Pod } from "../../api/index.ts";
import type { DisruptionNode, ProposedCommand } from "../../disruption/index.ts";
import type { NodeInput } from "../../scheduling/index.ts";

export interface Picture {
  readonly nodes: readonly DisruptionNode[];
  readonly inputs: readonly NodeInput[];
}

/** Their nodes are on their way out and count against budgets; pods that stay in the cluster take up the room planned for them. */
export function afterCommands({ nodes, inputs }: Picture, commands: readonly ProposedCommand[]): Picture {
  const leaving = new Set(commands.flatMap((command) => command.nodes));
  if (leaving.size === 0) return { nodes, inputs };
  const arriving = arrivals(commands, leaving);
  return {
    nodes: nodes.map((node) => (leaving.has(node.name) ? { ...node, markedForDeletion: true, pods: [] } : node)),
    inputs: inputs.flatMap((input) => {
      if (leaving.has(input.name)) return [];
      const pods = arriving.get(input.name);
      return [pods === undefined ? input : { ...input, pods: [...input.pods, ...pods] }];
    }),
  };
}

/** By node; pods that wait or flee from elsewhere were only planned for along with them. */
function arrivals(commands: readonly ProposedCommand[], leaving: ReadonlySet<string>): ReadonlyMap<string, Pod[]> {
  const arriving = new Map<string, Pod[]>();
  for (const { node, pods } of commands.flatMap(({ existing }) => existing)) {
    const moved = pods.filter(({ spec }) => leaving.has(spec.nodeName ?? ""));
    if (moved.length === 0) continue;
    const there = moved.map((pod) => ({ ...pod, spec: { ...pod.spec, nodeName: node } }));
    arriving.set(node, [...(arriving.get(node) ?? []), ...there]);
  }
  return arriving;
}
