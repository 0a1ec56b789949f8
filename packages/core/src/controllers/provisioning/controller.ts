// provisioner: waiting pods become NodeClaims. One round at a time: gather, solve, record why, create.

import { DISRUPTED_TAINT, hasTaint, Nodes, Pods, type Node, type Pod } from "../../api/index.ts";
import { onChange, type Controller, type ReconcileResult } from "../../runtime/index.ts";
import { solve } from "../../scheduling/index.ts";
import { milliseconds, seconds, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { BatchWindow } from "./batch-window.ts";
import { createClaims, throwFailures } from "./create-claims.ts";
import { gatherPools, problemOf, watchProblemInput } from "./problem-input.ts";
import { reportOutcome } from "./report.ts";
import { mayWait, WaitingPods } from "./waiting-pods.ts";

const KEY = "provisioner";
const RETRY: Duration = seconds(10);

export function provisioningController(deps: ControllerDeps): Controller {
  watchProblemInput(deps.cache);
  const waiting = new WaitingPods(deps);
  const { batchIdleDuration: idle, batchMaxDuration: max } = deps.settings;
  const window = new BatchWindow({ idle, max, retry: RETRY });
  return {
    name: KEY,
    triggers: [
      onChange(Pods, ({ before, after }) => ([before, after].some((pod) => pod && mayWait(pod)) ? [KEY] : [])),
      onChange(Nodes, ({ after }) => (after && isDisrupted(after) ? [KEY] : [])),
    ],
    initialKeys: [KEY],
    // One key for everything: whatever fails for one pool must not make all others wait for long.
    rateLimit: { base: milliseconds(100), max: RETRY },
    async reconcile(_key, { signal }) {
      const now = deps.clock.now();
      window.see(waiting.at(now).map(uidOf), now);
      const closesAt = window.closesAt();
      if (closesAt === undefined || now < closesAt)
        return comeBack(now, closesAt, window.nextRetryAt(), waiting.changesAt(now));
      const unsynced = deps.state.unsynced();
      if (unsynced.length > 0) {
        // S-213: on half a picture one buys twice. The window stays open, so nobody waits ten seconds more for it.
        deps.logger.debug("waiting for cluster state", { missing: unsynced });
        return { requeueAfter: seconds(1) };
      }
      await plan(deps, waiting, window, signal);
      const end = deps.clock.now();
      return comeBack(end, window.closesAt(), window.nextRetryAt(), waiting.changesAt(end));
    },
  };
}

async function plan(
  deps: ControllerDeps,
  waiting: WaitingPods,
  window: BatchWindow,
  signal: AbortSignal,
): Promise<void> {
  const pools = await gatherPools(deps, signal);
  const started = deps.clock.now();
  // S-207: pods and capacity are read at one moment, after the last wait; a pod that has bound meanwhile is not planned.
  const pods = waiting.at(started);
  window.see(pods.map(uidOf), started);
  const problem = problemOf(deps, pods, pools);
  const solution = solve(problem);
  deps.metrics.observe(
    "karpenter_scheduler_scheduling_duration_seconds",
    { controller: KEY },
    (deps.clock.now() - started) / 1000,
  );
  for (const placement of solution.existing) deps.state.nominate(placement.node);
  const created = await createClaims(deps, solution.newClaims, problem, signal);
  reportOutcome(deps, solution, created);
  throwFailures(created);
  window.solved(deps.clock.now());
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
