// Says what a round decided: log lines, events on the pods, decision records, metrics (S-605 to S-607, S-624).

import { Pods, type Pod } from "../../api/index.ts";
import { ObserveOnly } from "../../runtime/index.ts";
import type { PlannedClaim, PodExplanation, Solution } from "../../scheduling/index.ts";
import { formatRate, minutes } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import type { CreatedClaim } from "./create-claims.ts";

type Deps = Pick<ControllerDeps, "logger" | "events" | "decisions" | "metrics" | "clock" | "cache" | "state">;

const CONTROLLER = "provisioner";

export function reportOutcome(deps: Deps, solution: Solution, created: readonly CreatedClaim[]): void {
  const launched = created.filter((claim) => claim.nodeClaim !== undefined);
  if (launched.length > 0) {
    const pods = launched.flatMap((claim) => claim.planned.pods);
    deps.logger.info("found provisionable pod(s)", { Pods: firstNames(pods) });
    deps.logger.info("computed new nodeclaim(s) to fit pod(s)", { nodeclaims: launched.length, pods: pods.length });
  }
  for (const claim of created) reportClaim(deps, claim);
  reportHeldBack(deps, created);
  for (const { node, pods } of solution.existing) {
    const kind = deps.state.nodeByName(node)?.node ? "node" : "nodeclaim";
    for (const pod of pods) nominated(deps, pod, `${kind}/${node}`);
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
  if (refused) {
    const subject = `NodePool ${planned.nodePool}`;
    deps.decisions.record({ at, controller: CONTROLLER, verdict: refused.verdict, subject, detail: refused.detail });
  }
  if (!nodeClaim) return;
  const name = nodeClaim.metadata.name ?? "";
  const subject = `NodeClaim ${name}`;
  deps.decisions.record({ at, controller: CONTROLLER, verdict: "CreateNodeClaim", subject, detail: describe(planned) });
  for (const pod of planned.pods) nominated(deps, pod, `nodeclaim/${name}`);
}

/** One record per pool: what a process that may act would have bought in this round. */
function reportHeldBack(deps: Deps, created: readonly CreatedClaim[]): void {
  const heldBack = new Map<string, string[]>();
  for (const { planned, failed } of created) {
    if (!(failed instanceof ObserveOnly)) continue;
    heldBack.set(planned.nodePool, [...(heldBack.get(planned.nodePool) ?? []), describe(planned)]);
  }
  for (const [pool, texts] of heldBack) {
    const detail = `observe mode, nothing was bought: ${texts.join("; ")}`;
    deps.decisions.record({
      at: deps.clock.now(),
      controller: CONTROLLER,
      verdict: "ObserveOnly",
      subject: `NodePool ${pool}`,
      detail,
    });
  }
}

function describe(planned: PlannedClaim): string {
  const { instanceType, offering } = planned.cheapest;
  const dearer = planned.instanceTypes.length - 1;
  const others = dearer > 0 ? ` (${dearer} dearer ${dearer === 1 ? "type" : "types"} would do)` : "";
  const pods = planned.pods.length === 1 ? "1 pod needs" : `${planned.pods.length} pods need`;
  const price = formatRate(offering.price);
  return `${pods} a new machine: ${instanceType.name} at ${price} is the cheapest that fits${others}`;
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
    verdict: failure.nodePools[0]?.reason ?? "NoNodePool",
    subject: `Pod ${namespace}/${name}`,
    detail: failure.summary,
  });
  deps.logger.debug("could not schedule pod", { Pod: { namespace, name }, explanation: failure });
  const pod = deps.cache.informer(Pods).get({ namespace, name });
  if (!pod || pod.metadata.uid !== uid) return;
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
