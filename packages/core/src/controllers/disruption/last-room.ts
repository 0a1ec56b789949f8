// Whether the pods of nodes that are about to be deleted have a place at this moment, on nodes that work: others may have taken what was planned (DX-23).

import { simulateSteps, type DisruptionNode, type DisruptionSnapshot, type Steps } from "../../disruption/index.ts";
import { isBufferPod, type CompileCache, type PoolInput } from "../../scheduling/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { Turn } from "../provisioning/turn.ts";
import type { WaitingPods } from "../provisioning/waiting-pods.ts";
import { livePodsOn, namesOf, withLivePods, type LivePods } from "./last-look.ts";
import { withTimes } from "./simulation-times.ts";
import { snapshotOf } from "./snapshot-of.ts";

export interface Room {
  /** Why not all of them have one; undefined: they have. */
  readonly gone?: string;
  /** The nodes that they would go to. */
  readonly destinations: readonly string[];
}

export interface RoomParts {
  readonly pools: readonly PoolInput[];
  readonly waiting: WaitingPods;
  readonly cache: CompileCache;
}

/** Each look shows where pods would go; the last one has to have seen all of these at the API server itself. */
const MOST_LOOKS = 4;

/** Nothing but a deletion may come after this: what is bound from here on nobody can see. */
export async function roomNow(
  deps: ControllerDeps,
  parts: RoomParts,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Room> {
  const listed = new Set(names);
  const turn = new Turn(deps, signal);
  for (let look = 0; look < MOST_LOOKS; look++) {
    const live = await livePodsOn(deps, [...listed], signal);
    const room = await turn.through(withTimes(roomSteps(pictureOf(deps, parts, live), new Set(names)), deps));
    const unseen = room.destinations.filter((name) => !listed.has(name));
    if (room.gone !== undefined || unseen.length === 0) return room;
    for (const name of unseen) listed.add(name);
  }
  return { gone: "where its pods could go changes all the time", destinations: [] };
}

/** Without what is planned by anybody: only what is there counts. */
function pictureOf(deps: ControllerDeps, { pools, waiting, cache }: RoomParts, live: LivePods): DisruptionSnapshot {
  const nodes = withLivePods(deps.state.nodes(), live);
  const snapshot = snapshotOf(deps, { pools, waiting, inCommand: new Set(), nodes, cache });
  const bound = new Set([...live.values()].flat().map(({ metadata }) => metadata.uid));
  const seen = new Map(nodes.map((node) => [node.name, node.pods]));
  return {
    ...snapshot,
    nodeInputs: new Map(
      [...snapshot.nodeInputs].map(([name, input]) => [name, { ...input, pods: seen.get(name) ?? input.pods }]),
    ),
    pendingPods: snapshot.pendingPods.filter((pod) => !isBufferPod(pod) && !bound.has(pod.metadata.uid)),
    // A budget that holds a pod back for now does not make it need no place.
    pdbs: [],
    // Nothing is ordered for them any more.
    pools: [],
  };
}

/** Room is gone when more pods would have no place without these nodes than with them. */
function* roomSteps(snapshot: DisruptionSnapshot, names: ReadonlySet<string>): Steps<Room> {
  const nodes = snapshot.nodes.flatMap((node) => asItIs(node, names));
  const own = new Map(
    nodes.filter(({ name }) => names.has(name)).flatMap(({ pods }) => pods.map((pod) => [pod.metadata.uid, pod])),
  );
  const without = yield* simulateSteps({ ...snapshot, nodes }, [...names], { respectConsolidateAfter: false });
  if (without === undefined) return { destinations: [] };
  const { failures, existing } = without.solution;
  const destinations = existing.filter(({ pods }) => pods.length > 0).map(({ node }) => node);
  if (failures.length === 0) return { destinations };
  const others = nodes.filter(({ name }) => !names.has(name));
  const still = yield* simulateSteps({ ...snapshot, nodes: others }, [], { respectConsolidateAfter: false });
  if (failures.length <= (still?.solution.failures.length ?? 0)) return { destinations };
  const homeless = failures.flatMap(({ pod }) => own.get(pod.uid) ?? []);
  const whose = homeless.length > 0 ? namesOf(homeless) : `${failures.length} pods of leaving nodes`;
  return { gone: `other pods took the room that was meant for ${whose}`, destinations };
}

/** Nodes of other commands that are not deleted yet keep their pods, and neither they nor starting ones take any. */
function asItIs(node: DisruptionNode, own: ReadonlySet<string>): readonly DisruptionNode[] {
  if (own.has(node.name)) return [{ ...node, markedForDeletion: false }];
  const isDeleted = node.nodeClaim?.metadata.deletionTimestamp ?? node.node?.metadata.deletionTimestamp;
  if (node.markedForDeletion) return isDeleted === undefined ? [] : [node];
  return node.managed && !node.initialized ? [] : [node];
}
