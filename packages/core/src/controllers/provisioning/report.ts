// Says what a round decided: log lines, events on pods and pools, decision records (S-605 to S-608, S-624).

import { NodePools, Pods, type Pod } from "../../api/index.ts";
import { ObserveOnly } from "../../runtime/index.ts";
import { isBufferPod, poolsWithoutTypes } from "../../scheduling/index.ts";
import type { PlannedClaim, PodExplanation, ProblemInput, RelaxedPod, Solution } from "../../scheduling/index.ts";
import { formatDuration, formatRate, minutes, type Duration } from "../../units/index.ts";
import { outcomeText, type BufferOutcome } from "../buffer-store.ts";
import type { ControllerDeps } from "../deps.ts";
import type { CreatedClaim } from "./create-claims.ts";
import { podNames } from "./pod-names.ts";

type Deps = Pick<ControllerDeps, "logger" | "events" | "decisions" | "clock" | "cache" | "state">;

const CONTROLLER = "provisioner";
const NAMED_PODS = 5;

export interface Outcome {
  readonly problem: ProblemInput;
  readonly solution: Solution;
  /** The solve alone. */
  readonly took: Duration;
  readonly created: readonly CreatedClaim[];
}

export function reportOutcome(deps: Deps, { problem, solution, took, created }: Outcome): void {
  logPlan(deps, solution, took, created);
  for (const claim of created) reportClaim(deps, claim);
  reportHeldBack(deps, created);
  for (const { node, pods } of solution.existing) nominatePods(deps, pods, nameOfNode(deps, node));
  for (const relaxed of solution.relaxed) if (!isBufferPod(relaxed.pod)) reportRelaxed(deps, relaxed);
  // S-208: whose pods found no place is told once for the buffer.
  const spare = new Set(problem.pods.filter(isBufferPod).map(({ metadata }) => metadata.uid ?? ""));
  for (const failure of solution.failures) if (!spare.has(failure.pod.uid)) reportFailure(deps, failure);
  const deferred = solution.deferred.filter(isReal);
  if (deferred.length > 0) {
    const pods = podNames(deferred, NAMED_PODS);
    deps.logger.debug("deferring pod(s) until reserved capacity is free", { Pods: pods });
  }
  reportPoolsWithoutTypes(deps, problem);
}

/** S-605. Only with new machines: what waits for one that starts would be told every ten seconds. */
function logPlan({ logger, state }: Deps, solution: Solution, took: Duration, created: readonly CreatedClaim[]): void {
  const launched = created.filter((claim) => claim.nodeClaim !== undefined);
  if (launched.length === 0) return;
  const all = launched.flatMap((claim) => claim.planned.pods);
  const pods = all.filter(isReal);
  const spare = all.length - pods.length;
  if (pods.length > 0)
    logger.info("found provisionable pod(s)", { Pods: podNames(pods, NAMED_PODS), duration: formatDuration(took) });
  logger.info("computed new nodeclaim(s) to fit pod(s)", {
    nodeclaims: launched.length,
    pods: pods.length,
    ...(spare > 0 && { "buffer-pods": spare }),
  });
  const unready = solution.existing.filter(({ node }) => state.nodeByName(node)?.initialized === false);
  if (unready.length === 0) return;
  const fitting = unready.reduce((sum, place) => sum + place.pods.filter(isReal).length, 0);
  logger.info("computed unready node(s) will fit pod(s)", { nodes: unready.length, pods: fitting });
}

/** S-606: by its claim and by its Node, as far as there are such. */
export function nameOfNode({ state }: Pick<Deps, "state">, name: string): string {
  const known = state.nodeByName(name);
  const claim = known?.nodeClaim ? [`nodeclaim/${known.nodeClaim.metadata.name ?? ""}`] : [];
  const node = known?.node || !known?.nodeClaim ? [`node/${name}`] : [];
  return [...claim, ...node].join(", ");
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
  nominatePods(deps, planned.pods, `nodeclaim/${name}`);
}

/** S-329. */
function reportRelaxed(deps: Deps, { pod, relaxed }: RelaxedPod): void {
  const subject = `Pod ${podNames([pod], 1)}`;
  const detail = `placed without ${relaxed.join("; ")}`;
  deps.decisions.record({ at: deps.clock.now(), controller: CONTROLLER, verdict: "Relaxed", subject, detail });
  deps.logger.debug("placed a pod without all its preferences", { Pod: podNames([pod], 1), relaxed });
}

/** S-608. */
function reportPoolsWithoutTypes(deps: Deps, problem: ProblemInput): void {
  for (const { nodePool, becauseOfMinValues } of poolsWithoutTypes(problem)) {
    deps.events.publish({
      resource: NodePools,
      object: nodePool,
      type: "Warning",
      reason: "NoCompatibleInstanceTypes",
      message: becauseOfMinValues
        ? "NodePool has fewer instance types on offer that meet its requirements than its minValues ask for"
        : "NodePool has no instance type on offer that meets its requirements",
      dedupeKey: nodePool.metadata.uid ?? nodePool.metadata.name ?? "",
      dedupeFor: minutes(1),
    });
  }
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
  const real = planned.pods.filter(isReal).length;
  const spare = planned.pods.length - real;
  const counts = [
    ...(real > 0 || spare === 0 ? [counted(real, "pod")] : []),
    ...(spare > 0 ? [`room for ${counted(spare, "pod")}`] : []),
  ];
  const pods = `${counts.join(" and ")} ${planned.pods.length === 1 || real === 0 ? "needs" : "need"}`;
  const price = formatRate(offering.price);
  return `${pods} a new machine: ${instanceType.name} at ${price} is the cheapest that fits${others}`;
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}

function isReal(pod: Pod): boolean {
  return !isBufferPod(pod);
}

/** One record per CapacityBuffer, as long as the plan makes the same of it. */
export function reportBuffers(
  { decisions, clock }: Pick<Deps, "decisions" | "clock">,
  outcomes: ReadonlyMap<string, BufferOutcome>,
): void {
  for (const [buffer, outcome] of outcomes) {
    const all = outcome.ready + outcome.starting + outcome.waiting;
    if (all === 0) continue;
    decisions.record({
      at: clock.now(),
      controller: CONTROLLER,
      verdict: outcome.ready === all ? "FitsExistingCapacity" : "RequiresNewCapacity",
      subject: `CapacityBuffer ${buffer}`,
      detail: outcomeText(outcome),
    });
  }
}

/** S-606: where these pods are to go. */
export function nominatePods({ events }: Pick<Deps, "events">, pods: readonly Pod[], target: string): void {
  const message = `Pod should schedule on: ${target}`;
  for (const object of pods.filter(isReal)) {
    const dedupeKey = `Nominated/${object.metadata.uid}`;
    events.publish({ resource: Pods, object, type: "Normal", reason: "Nominated", message, dedupeKey });
  }
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
    message: failureMessage(failure),
    dedupeKey: `FailedScheduling/${uid}`,
    dedupeFor: minutes(5),
  });
}

/** S-624. */
export function failureMessage({ summary }: Pick<PodExplanation, "summary">): string {
  return `Failed to schedule pod, ${summary}`;
}
