// Where the pods that a command moved really went (DX-1). A pod never moves: its owner makes another one, so that owners are compared.

import { NodeClaims, Pods, type Pod } from "../../api/index.ts";
import type { Placement } from "../../decisions/index.ts";
import type { ControllerDeps } from "../deps.ts";
import type { RunningCommand } from "./command.ts";

export interface MovedPods {
  readonly createdAt: number;
  /** Nodes that went. */
  readonly nodes: ReadonlySet<string>;
  /** NodeClaims that were ordered, in the order of the plan. */
  readonly replacements: readonly string[];
  readonly planned: readonly Planned[];
}

interface Planned {
  /** UID of who makes the pod anew. */
  readonly owner: string;
  /** A node, or the place of a replacement in the plan. */
  readonly to: string | number;
}

/** Undefined: nothing was moved that comes back. */
export function movedBy(command: RunningCommand): MovedPods | undefined {
  const { nodes, existing, replacements } = command.proposed;
  const leaving = new Set(nodes);
  const places = [
    ...existing.map(({ node, pods }) => ({ to: node, pods })),
    ...replacements.map(({ pods }, to) => ({ to, pods })),
  ];
  const planned = places.flatMap(({ to, pods }) =>
    pods.flatMap((pod): readonly Planned[] => {
      const owner = ownerOf(pod);
      return owner !== undefined && leaving.has(pod.spec.nodeName ?? "") ? [{ owner, to }] : [];
    }),
  );
  if (planned.length === 0) return undefined;
  const ordered = command.phase === "starting" ? command.replacements : [];
  return { createdAt: command.createdAt, nodes: leaving, replacements: ordered, planned };
}

export function placementOf(
  { createdAt, nodes, replacements, planned }: MovedPods,
  cache: ControllerDeps["cache"],
): Placement {
  const claims = cache.informer(NodeClaims);
  const names = replacements.map((name) => claims.get({ name })?.status?.nodeName ?? name);
  // The API server tells whole seconds.
  const isNew = ({ metadata }: Pod): boolean => Date.parse(metadata.creationTimestamp ?? "") >= createdAt - 1000;
  const successors = Map.groupBy(cache.informer(Pods).list().filter(isNew), (pod) => ownerOf(pod) ?? "");
  let [asPlanned, elsewhere] = [0, 0];
  for (const [owner, moves] of Map.groupBy(planned, (move) => move.owner)) {
    const bound = (successors.get(owner) ?? []).flatMap(({ spec }) => spec.nodeName ?? []);
    const left = bound.filter((node) => !nodes.has(node));
    const matched = moves.filter(({ to }) => take(left, typeof to === "number" ? names[to] : to)).length;
    asPlanned += matched;
    elsewhere += Math.min(left.length, moves.length - matched);
  }
  return { asPlanned, elsewhere, pending: planned.length - asPlanned - elsewhere };
}

function take(places: string[], wanted: string | undefined): boolean {
  const index = wanted === undefined ? -1 : places.indexOf(wanted);
  if (index >= 0) places.splice(index, 1);
  return index >= 0;
}

export function ownerOf({ metadata }: Pod): string | undefined {
  const owners = metadata.ownerReferences ?? [];
  return (owners.find(({ controller }) => controller === true) ?? owners[0])?.uid;
}
