// Says what a round decided: log lines, events on the pods, decision records, metrics (S-605 to S-607, S-624).

import { Pods, type Pod } from "../../api/index.ts";
import type { PodExplanation, Solution } from "../../scheduling/index.ts";
import { formatRate, minutes } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import type { CreatedClaim } from "./create-claims.ts";

type Deps = Pick<ControllerDeps, "logger" | "events" | "decisions" | "metrics" | "clock" | "cache">;

const CONTROLLER = "provisioner";

export function reportOutcome(deps: Deps, solution: Solution, created: readonly CreatedClaim[]): void {
  const launched = created.filter((claim) => claim.nodeClaim !== undefined);
  if (launched.length > 0) {
    const pods = launched.flatMap((claim) => claim.planned.pods);
    deps.logger.info("found provisionable pod(s)", { Pods: firstNames(pods) });
    deps.logger.info("computed new nodeclaim(s) to fit pod(s)", { nodeclaims: launched.length, pods: pods.length });
  }
  for (const claim of created) reportClaim(deps, claim);
  for (const { node, pods } of solution.existing) {
    for (const pod of pods) nominated(deps, pod, `node/${node}`);
  }
  for (const failure of solution.failures) reportFailure(deps, failure);
  deps.metrics.set(
    "karpenter_scheduler_unschedulable_pods_count",
    { controller: CONTROLLER },
    solution.failures.length,
  );
}

function reportClaim(deps: Deps, { planned, nodeClaim, refused }: CreatedClaim): void {
  const at = deps.clock.now();
  const subject = `NodePool ${planned.nodePool}`;
  if (!nodeClaim) {
    deps.decisions.record({ at, controller: CONTROLLER, verdict: "LimitExceeded", subject, detail: refused ?? "" });
    return;
  }
  const name = nodeClaim.metadata.name ?? "";
  const { instanceType, offering } = planned.cheapest;
  const alternatives = planned.instanceTypes.length - 1;
  deps.decisions.record({
    at,
    controller: CONTROLLER,
    verdict: "CreateNodeClaim",
    subject: `NodeClaim ${name}`,
    detail:
      `${planned.pods.length} pod(s) need a new machine: ${instanceType.name} at ${formatRate(offering.price)} is the cheapest that fits` +
      (alternatives > 0 ? ` (${alternatives} dearer type(s) would do)` : ""),
  });
  for (const pod of planned.pods) nominated(deps, pod, `nodeclaim/${name}`);
}

function nominated(deps: Deps, pod: Pod, target: string): void {
  deps.events.publish({
    resource: Pods,
    object: pod,
    type: "Normal",
    reason: "Nominated",
    message: `Pod should schedule on: ${target}`,
    dedupeKey: `Nominated/${pod.metadata.uid}`,
  });
}

function reportFailure(deps: Deps, failure: PodExplanation): void {
  const { namespace, name, uid } = failure.pod;
  deps.decisions.record({
    at: deps.clock.now(),
    controller: CONTROLLER,
    verdict: failure.nodePools[0]?.reason ?? "InvalidPod",
    subject: `Pod ${namespace}/${name}`,
    detail: failure.summary,
  });
  deps.logger.debug("could not schedule pod", { Pod: { namespace, name }, explanation: failure });
  const pod = deps.cache.informer(Pods).get({ namespace, name });
  if (!pod) return;
  deps.events.publish({
    resource: Pods,
    object: pod,
    type: "Warning",
    reason: "FailedScheduling",
    message: `Failed to schedule pod, ${failure.summary}`,
    dedupeKey: `FailedScheduling/${uid}`,
    dedupeFor: minutes(5),
  });
}

function firstNames(pods: readonly Pod[]): string {
  const names = pods.map((pod) => `${pod.metadata.namespace}/${pod.metadata.name}`);
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} other(s)` : names.join(", ");
}
