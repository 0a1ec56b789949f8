// provisioner: waiting pods become NodeClaims. One round at a time: gather, solve, record why, create.

import { DISRUPTED_TAINT, hasTaint, Nodes, Pods, type Node, type Pod } from "../../api/index.ts";
import { onChange, type Controller, type ReconcileResult, type Trigger } from "../../runtime/index.ts";
import { CompileCache, isBufferPod } from "../../scheduling/index.ts";
import { milliseconds, seconds, type Duration } from "../../units/index.ts";
import type { SparePods } from "../buffer-store.ts";
import type { ControllerDeps } from "../deps.ts";
import { BatchWindow } from "./batch-window.ts";
import { bufferOutcomes, type PlanMade } from "./buffer-outcome.ts";
import { createClaims, throwFailures } from "./create-claims.ts";
import { HamperingWishes } from "./hampering-wishes.ts";
import { PodTimes } from "./pod-times.ts";
import { PoolBackOff } from "./pool-back-off.ts";
import { gatherPools, problemOf, sizesIn, watchProblemInput } from "./problem-input.ts";
import { reportBuffers, reportOutcome } from "./report.ts";
import { countOutcome, solveMeasured } from "./round-metrics.ts";
import { StorageChanges } from "./storage.ts";
import { Turn } from "./turn.ts";
import { mayWait, WaitingPods } from "./waiting-pods.ts";
import { whatStillHolds } from "./what-still-holds.ts";

const KEY = "provisioner";
/** All buffers together wait in the window like one pod. */
const BUFFERS = "buffers";
const RETRY: Duration = seconds(10);

/** Pods that may wait, and nodes whose pods will. */
const PROVISIONING_TRIGGERS: readonly Trigger[] = [
  onChange(Pods, ({ before, after }) => ([before, after].some((pod) => pod && mayWait(pod)) ? [KEY] : [])),
  onChange(Nodes, ({ after }) => (after && isDisrupted(after) ? [KEY] : [])),
];

/** `backOff` says which pools get no new machines for a while. */
export function provisioningController(deps: ControllerDeps, backOff = new PoolBackOff(deps)): Controller {
  watchProblemInput(deps);
  const waiting = new WaitingPods(deps);
  const storage = new StorageChanges(deps.cache);
  const { batchIdleDuration: idle, batchMaxDuration: max } = deps.settings;
  const window = new BatchWindow({ idle, max, retry: RETRY });
  const times = deps.podTimes ?? new PodTimes(deps);
  const round = { waiting, window, times, wishes: new HamperingWishes(), backOff, cache: new CompileCache() };
  return {
    name: KEY,
    triggers: [...PROVISIONING_TRIGGERS, ...storage.triggers(KEY)],
    ...(deps.buffers && { feed: (enqueue) => deps.buffers?.onAsked(() => enqueue(KEY)) ?? (() => {}) }),
    initialKeys: [KEY],
    // One key for everything: whatever fails for one pool must not make all others wait for long.
    rateLimit: { base: milliseconds(100), max: RETRY },
    async reconcile(_key, { signal, reconcileId }) {
      const now = deps.clock.now();
      const pods = waiting.at(now);
      window.again(storage.take(pods));
      // CB-3: a buffer is planned again when something asks for it, and not because its pods found no place.
      if (deps.buffers?.isAsked) window.again([BUFFERS]);
      window.see(waitingKeys(deps, pods), now);
      round.times.see(pods, now);
      const closesAt = window.closesAt();
      if (closesAt === undefined || now < closesAt)
        return comeBack(now, closesAt, window.nextRetryAt(), waiting.changesAt(now));
      const unsynced = deps.state.unsynced();
      if (unsynced.length > 0) {
        // S-213: on half a picture one buys twice. The window stays open, so nobody waits ten seconds more for it.
        deps.logger.debug("waiting for cluster state", { missing: unsynced });
        return { requeueAfter: seconds(1) };
      }
      await plan(deps, round, reconcileId, signal);
      const end = deps.clock.now();
      return comeBack(end, window.closesAt(), window.nextRetryAt(), waiting.changesAt(end));
    },
  };
}

interface Round {
  readonly waiting: WaitingPods;
  readonly window: BatchWindow;
  readonly times: PodTimes;
  readonly wishes: HamperingWishes;
  readonly backOff: PoolBackOff;
  /** What one round has read of the pools is there for the next (S-1015). */
  readonly cache: CompileCache;
}

async function plan(
  deps: ControllerDeps,
  { waiting, window, times, wishes, backOff, cache }: Round,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  const pools = await gatherPools({ ...deps, backOff }, signal);
  const started = deps.clock.now();
  const turn = new Turn(deps, signal);
  // S-207: pods and capacity are read at one moment, after the last wait; a pod that has bound meanwhile is not planned.
  const pods = waiting.at(started);
  window.see(waitingKeys(deps, pods), started);
  const spare = deps.buffers?.spare();
  const problem = problemOf(deps, [...pods, ...(spare?.pods ?? [])], pools);
  if (deps.settings.preferencePolicy !== "Ignore") wishes.tell(deps.logger, pods, started);
  const solved = await solveMeasured(deps, problem, { id, turn, cache });
  times.decided(pods, started);
  if (turn.isOver()) await turn.next();
  countOutcome(deps, problem, solved.solution);
  if (turn.isOver()) await turn.next();
  const { solution, letDown } = whatStillHolds(solved.solution, {
    planned: problem.pods,
    waiting: [...waiting.at(deps.clock.now()), ...(deps.buffers?.spare().pods ?? [])],
    nodes: deps.state.nodes(),
  });
  // S-208, S-602: what is kept for nobody in particular may still be disrupted.
  const promised = solution.existing.filter((place) => place.pods.some((pod) => !isBufferPod(pod)));
  for (const { node } of promised) deps.state.nominate(node);
  times.planned(
    [...solution.existing, ...solution.newClaims].flatMap((place) => place.pods),
    started,
  );
  const basis = { nodePools: pools, sizeOf: sizesIn(pools) };
  const created = await createClaims(deps, solution.newClaims, basis, { signal, turn });
  reportOutcome(deps, { problem, solution, took: solved.took, created });
  if (spare) tellBuffers(deps, spare, { solution, created });
  throwFailures(created);
  if (spare) deps.buffers?.answered(spare);
  window.solved(deps.clock.now(), letDown);
}

function waitingKeys({ buffers }: Pick<ControllerDeps, "buffers">, pods: readonly Pod[]): readonly string[] {
  return [...pods.map(uidOf), ...(buffers?.isAsked ? [BUFFERS] : [])];
}

function tellBuffers(deps: ControllerDeps, spare: SparePods, made: Pick<PlanMade, "solution" | "created">): void {
  const outcomes = bufferOutcomes(spare, { ...made, state: deps.state });
  deps.buffers?.planned(spare, outcomes);
  reportBuffers(deps, outcomes);
}

/** At the earliest of these times; undefined: when something changes. */
function comeBack(now: number, ...times: readonly (number | undefined)[]): ReconcileResult | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : { requeueAfter: milliseconds(Math.max(1, Math.min(...known) - now)) };
}

function isDisrupted(node: Node): boolean {
  return hasTaint(node.spec?.taints, DISRUPTED_TAINT);
}

function uidOf(pod: Pod): string {
  return pod.metadata.uid ?? "";
}
