// provisioner: waiting pods become NodeClaims. One round at a time: gather, solve, record why, create.

import { Nodes, Pods, type Node, type Pod } from "../../api/index.ts";
import { DISRUPTED_TAINT, hasTaint } from "../../api/index.ts";
import { isCurrentlyReschedulable, isProvisionable } from "../../disruption/index.ts";
import type { Informer } from "../../kube/index.ts";
import { onChange, type Controller, type ReconcileResult } from "../../runtime/index.ts";
import { solve } from "../../scheduling/index.ts";
import { milliseconds, seconds, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { BatchWindow } from "./batch-window.ts";
import { createClaims } from "./create-claims.ts";
import { gatherProblem, watchProblemInput } from "./problem-input.ts";
import { reportOutcome } from "./report.ts";

const KEY = "provisioner";
const PROVISIONABLE = "provisionable";
const RETRY: Duration = seconds(10);

export function provisioningController(deps: ControllerDeps): Controller {
  watchProblemInput(deps.cache);
  const pods = deps.cache.informer(Pods, { [PROVISIONABLE]: (pod) => (isProvisionable(pod) ? ["true"] : []) });
  const { batchIdleDuration: idle, batchMaxDuration: max } = deps.settings;
  const window = new BatchWindow({ idle, max, retry: RETRY });
  return {
    name: KEY,
    triggers: [
      onChange(Pods, ({ before, after }) => (wasOrIsProvisionable(before, after) ? [KEY] : [])),
      onChange(Nodes, ({ after }) => (after && isDisrupted(after) ? [KEY] : [])),
    ],
    initialKeys: [KEY],
    async reconcile(_key, { signal }) {
      const now = deps.clock.now();
      const waiting = waitingPods(deps, pods);
      window.see(waiting.map(uidOf), now);
      const closesAt = window.closesAt();
      if (closesAt === undefined) return comeBack(window, now);
      if (now < closesAt) return { requeueAfter: milliseconds(closesAt - now) };
      const unsynced = deps.state.unsynced();
      if (unsynced.length > 0) {
        // S-213: on half a picture one buys twice. The window stays open, so nobody waits ten seconds more for it.
        deps.logger.debug("waiting for cluster state", { missing: unsynced });
        return { requeueAfter: seconds(1) };
      }
      await plan(deps, waiting, signal);
      window.solved(deps.clock.now());
      return comeBack(window, deps.clock.now());
    },
  };
}

async function plan(deps: ControllerDeps, waiting: readonly Pod[], signal: AbortSignal): Promise<void> {
  const started = deps.clock.now();
  const problem = await gatherProblem(deps, waiting, signal);
  const solution = solve(problem);
  deps.metrics.observe(
    "karpenter_scheduler_scheduling_duration_seconds",
    { controller: KEY },
    (deps.clock.now() - started) / 1000,
  );
  for (const placement of solution.existing) deps.state.nominate(placement.node);
  const created = await createClaims(deps, solution.newClaims, signal);
  reportOutcome(deps, solution, created);
}

/** Pending pods, and pods of nodes that are on their way out (S-201 to S-203). */
function waitingPods(deps: ControllerDeps, pods: Informer<Pod>): readonly Pod[] {
  const pending = pods.byIndex(PROVISIONABLE, "true");
  const now = deps.clock.now();
  const leaving = deps.state
    .nodes()
    .filter((node) => node.markedForDeletion)
    .flatMap((node) => node.pods.filter((pod) => isCurrentlyReschedulable(pod, now)));
  return [...pending, ...leaving];
}

function comeBack(window: BatchWindow, now: number): ReconcileResult | undefined {
  const retryAt = window.nextRetryAt();
  return retryAt === undefined ? undefined : { requeueAfter: milliseconds(Math.max(1, retryAt - now)) };
}

function wasOrIsProvisionable(before: Pod | undefined, after: Pod | undefined): boolean {
  return (before !== undefined && isProvisionable(before)) || (after !== undefined && isProvisionable(after));
}

function isDisrupted(node: Node): boolean {
  return hasTaint(node.spec?.taints, DISRUPTED_TAINT);
}

function uidOf(pod: Pod): string {
  return pod.metadata.uid ?? "";
}
