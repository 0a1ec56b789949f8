// The picture of the cluster that disruption decides on, taken from what the process mirrors and the provider sells (DX-3, D-19).

import { PodDisruptionBudgets, type Pod } from "../../api/index.ts";
import {
  DISRUPTION_DEFAULTS,
  narrower,
  type DisruptionNode,
  type DisruptionSnapshot,
  type HourlyLimits,
  type Pause,
  type StaticCounts,
} from "../../disruption/index.ts";
import { overlaidPool, type CompileCache, type PoolInput } from "../../scheduling/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { managedPools } from "../managed-pools.ts";
import type { PoolBackOff } from "../provisioning/pool-back-off.ts";
import { gatherPools, logTypesFailure, problemOf } from "../provisioning/problem-input.ts";
import type { WaitingPods } from "../provisioning/waiting-pods.ts";
import { afterCommands } from "./ahead.ts";
import { isEarly, type RunningCommand } from "./command.ts";
import type { DriftWaves } from "./drift-waves.ts";
import type { StartedNodes } from "./started-nodes.ts";

export type SnapshotDeps = Pick<
  ControllerDeps,
  "cache" | "state" | "clock" | "provider" | "buffers" | "overlays" | "settings" | "logger" | "poolLedger"
>;

export interface SnapshotParts {
  readonly pools: readonly PoolInput[];
  readonly waiting: WaitingPods;
  /** Nodes of running commands other than the one that is looked at. */
  readonly inCommand: ReadonlySet<string>;
  /** By node name: why no command for it is made at present. */
  readonly paused?: ReadonlyMap<string, Pause>;
  /** Commands whose outcome the picture shows as if it were there. */
  readonly ahead?: readonly RunningCommand[];
  /** For the hourly limits: what has gone by now. */
  readonly started?: StartedNodes;
  readonly waves?: DriftWaves;
  /** May know more of some nodes than the mirror. */
  readonly nodes?: readonly DisruptionNode[];
  /** Of whoever takes one picture after the other. */
  readonly cache?: CompileCache;
}

/** Pools that cannot grow keep their types, for their nodes may still have to go (D-19). */
export async function poolsWithTypes(
  deps: SnapshotDeps,
  backOff: PoolBackOff,
  signal: AbortSignal,
): Promise<readonly PoolInput[]> {
  const pools = await gatherPools({ ...deps, backOff }, signal);
  const known = await Promise.all(pools.map((pool) => withTypes(deps, pool, signal)));
  const { overlays } = deps;
  if (!overlays) return known;
  return known.map((pool, index) => (pool === pools[index] ? pool : overlaidPool(pool, overlays.current)));
}

async function withTypes(deps: SnapshotDeps, pool: PoolInput, signal: AbortSignal): Promise<PoolInput> {
  const { nodePool, skipped } = pool;
  if (skipped === undefined || !ASKED_AGAIN.has(skipped.reason)) return pool;
  try {
    const { items } = await deps.provider.getInstanceTypes(nodePool, { signal });
    return { nodePool, instanceTypes: items, skipped };
  } catch (error) {
    logTypesFailure(deps, nodePool, error, "no node of the nodepool is disrupted");
    return pool;
  }
}

/** The planner did not ask for the types of these. */
const ASKED_AGAIN: ReadonlySet<string> = new Set(["NodePoolStatic", "NodePoolNotReady", "NodePoolDeleting"]);

/** Without a wait, so that all of it is of one moment. */
export function snapshotOf(deps: SnapshotDeps, parts: SnapshotParts): DisruptionSnapshot {
  const { pools, waiting, inCommand, paused, ahead = [], cache } = parts;
  const nowMs = deps.clock.now();
  const { pods: _pods, nodes: now, nodePools: _pools, ...problem } = problemOf(deps, [], pools);
  const known = parts.nodes ?? deps.state.nodes();
  const { nodes, inputs } = afterCommands({ nodes: known, inputs: now }, ahead);
  const pending = waiting.at(nowMs).filter((pod: Pod) => !pod.spec.nodeName);
  return {
    nowMs,
    nodes,
    nodeInputs: new Map(inputs.map((input) => [input.name, input])),
    nodePools: managedPools(deps),
    pools,
    pdbs: deps.cache.informer(PodDisruptionBudgets).list(),
    pendingPods: [...pending, ...(deps.buffers?.spare().pods ?? [])],
    problem,
    inCommand,
    kept: keptNodes(deps, nodes),
    ...(paused && { paused }),
    ...(deps.buffers && { bufferNodes: deps.buffers.keepers(deps.state.nodes()) }),
    staticCounts: staticCounts(deps, ahead),
    ...(cache && { cache }),
    hourly: limitsOf(deps, parts, ahead),
    settings: { ...DISRUPTION_DEFAULTS, spotToSpot: deps.settings.featureGates.SpotToSpotConsolidation },
  };
}

/** DX-32, DX-33. */
function limitsOf(
  deps: SnapshotDeps,
  { started, waves }: SnapshotParts,
  ahead: readonly RunningCommand[],
): HourlyLimits {
  const perHour: HourlyLimits = started?.limits(chosenIn(deps, ahead)) ?? new Map();
  if (!waves) return perHour;
  const limits = new Map(perHour);
  for (const pool of managedPools(deps)) {
    const { name = "" } = pool.metadata;
    const wave = waves.limitOf(pool, ahead);
    if (!wave) continue;
    const known = limits.get(name);
    const Drifted = narrower([known?.Drifted, wave]);
    limits.set(name, { ...known, ...(Drifted && { Drifted }) });
  }
  return limits;
}

/** What has begun to leave is counted where it began. */
function chosenIn({ state }: Pick<SnapshotDeps, "state">, ahead: readonly RunningCommand[]) {
  return ahead
    .filter(isEarly)
    .flatMap(({ proposed }) =>
      proposed.nodes.map((name) => ({ pool: state.nodeByName(name)?.nodePool ?? "", reason: proposed.reason })),
    );
}

/** What the provider could not remove is not drained for nothing. */
function keptNodes({ provider }: SnapshotDeps, nodes: readonly DisruptionNode[]): ReadonlyMap<string, string> {
  const kept = new Map<string, string>();
  for (const { name, nodeClaim } of nodes) {
    const why = nodeClaim && provider.keeps?.(nodeClaim);
    if (why !== undefined) kept.set(name, why);
  }
  return kept;
}

/** What a command that waits will order takes its room already. */
function staticCounts(deps: SnapshotDeps, ahead: readonly RunningCommand[]): ReadonlyMap<string, StaticCounts> {
  const fixed = managedPools(deps).filter(({ spec }) => spec.replicas !== undefined);
  const wanted = ahead.filter(isEarly).flatMap(({ proposed }) => proposed.fromTemplate ?? []);
  return new Map(
    fixed.map(({ metadata: { name = "" } }) => {
      const counts = deps.poolLedger.counts(name);
      return [name, { ...counts, reserved: counts.reserved + wanted.filter((pool) => pool === name).length }];
    }),
  );
}
