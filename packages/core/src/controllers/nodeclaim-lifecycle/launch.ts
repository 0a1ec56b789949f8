// Launched: has the cloud given us a machine for this claim? (LC-15 to LC-20)

import { NodeClaims, type NodeClaim } from "../../api/index.ts";
import { findProviderError, karpenterErrorName } from "../../provider/index.ts";
import { hours, milliseconds, seconds, type Duration } from "../../units/index.ts";
import { ObserveOnly } from "../../runtime/index.ts";
import { disruptionLabels } from "../claims.ts";
import { createMachine } from "../cloud-writes.ts";
import type { ControllerDeps } from "../deps.ts";
import { poolThatOwns } from "../nodepool-registration-health/registration-health.ts";
import type { BackOffReason, PoolBackOff } from "../provisioning/pool-back-off.ts";
import { deleteClaim } from "./delete-claim.ts";
import type { Draft, StepResult } from "./draft.ts";
import { recordGivenUp } from "./given-up.ts";
import { nothingLeft } from "./nothing-left.ts";
import { overlaidCapacity } from "./overlaid-capacity.ts";

const LAUNCH_CACHE_TTL: Duration = hours(1);
const MESSAGE_LIMIT = 300;

type Deps = Pick<
  ControllerDeps,
  "provider" | "gate" | "kube" | "cache" | "clock" | "events" | "decisions" | "metrics" | "logger" | "overlays"
> & { readonly backOff: PoolBackOff };

/** What this process knows about launches beyond what is stored. Keyed by the claim's UID. */
export class LaunchCache {
  readonly #answers = new Map<string, { readonly claim: NodeClaim; readonly until: number }>();
  readonly #notBefore = new Map<string, number>();

  /** What create answered, until the claim's status carries it: a lost status write does not launch twice (LC-16). */
  answer(uid: string, now: number): NodeClaim | undefined {
    for (const [key, { until }] of this.#answers) if (until <= now) this.#answers.delete(key);
    for (const [key, notBefore] of this.#notBefore) if (notBefore <= now) this.#notBefore.delete(key);
    return this.#answers.get(uid)?.claim;
  }

  launched(uid: string, claim: NodeClaim, now: number): void {
    this.#notBefore.delete(uid);
    this.#answers.set(uid, { claim, until: now + LAUNCH_CACHE_TTL });
  }

  /** The cloud asked not to be asked again before; own writes and watch events wake the claim earlier. */
  wait(uid: string, notBefore: number): void {
    this.#notBefore.set(uid, notBefore);
  }

  leftToWait(uid: string, now: number): number {
    return Math.max(0, (this.#notBefore.get(uid) ?? 0) - now);
  }

  /** The claim with the machine that the cloud has answered, in case that could not be stored any more (LC-38). */
  completed(claim: NodeClaim, now: number): NodeClaim {
    const answer = this.answer(claim.metadata.uid ?? "", now);
    const providerID = answer?.status?.providerID;
    if (!providerID || claim.status?.providerID) return claim;
    const labels = { ...answer.metadata.labels, ...claim.metadata.labels };
    const annotations = { ...claim.metadata.annotations, ...answer.metadata.annotations };
    return { ...claim, metadata: { ...claim.metadata, labels, annotations }, status: { ...claim.status, providerID } };
  }

  forget(uid: string): void {
    this.#answers.delete(uid);
    this.#notBefore.delete(uid);
  }
}

export async function launch(deps: Deps, cache: LaunchCache, draft: Draft, signal: AbortSignal): Promise<StepResult> {
  if (draft.conditions.is("Launched", "True")) {
    cache.forget(draft.uid);
    return {};
  }
  const left = cache.leftToWait(draft.uid, deps.clock.now());
  if (left > 0) return { requeueAfter: milliseconds(left) };
  let launched = cache.answer(draft.uid, deps.clock.now());
  if (!launched) {
    try {
      launched = await createMachine(deps, draft.stored, signal);
    } catch (error) {
      // Nothing was tried, so there is nothing to say about it on the claim.
      if (error instanceof ObserveOnly) throw error;
      const result = await notLaunched(deps, draft, error, signal);
      if (result.requeueAfter !== undefined) cache.wait(draft.uid, deps.clock.now() + result.requeueAfter);
      return result;
    }
    cache.launched(draft.uid, launched, deps.clock.now());
  }
  await noteLaunched(deps, draft, launched, signal);
  return {};
}

/** On the claim, for its pool, and in the log. */
async function noteLaunched(deps: Deps, draft: Draft, launched: NodeClaim, signal: AbortSignal): Promise<void> {
  draft.addLabels(launched.metadata.labels);
  draft.addAnnotations(launched.metadata.annotations);
  const { providerID, imageID } = launched.status ?? {};
  const { capacity, allocatable } = await overlaidCapacity(deps, draft.stored, launched, signal);
  draft.addStatus({
    ...(providerID === undefined ? {} : { providerID }),
    ...(imageID === undefined ? {} : { imageID }),
    ...(capacity === undefined ? {} : { capacity }),
    ...(allocatable === undefined ? {} : { allocatable }),
  });
  draft.setCondition("Launched", "True");
  const pool = poolThatOwns(deps.cache, draft.stored);
  if (pool) deps.backOff.launched(pool);
  const { metadata } = draft.claim;
  deps.logger.info("launched nodeclaim", {
    NodeClaim: draft.name,
    "provider-id": providerID,
    "instance-type": metadata.labels?.["node.kubernetes.io/instance-type"],
    zone: metadata.labels?.["topology.kubernetes.io/zone"],
    "capacity-type": metadata.labels?.["karpenter.sh/capacity-type"],
    allocatable,
  });
}

async function notLaunched(deps: Deps, draft: Draft, error: unknown, signal: AbortSignal): Promise<StepResult> {
  const cause = findProviderError(error);
  const message = messageOf(error);
  switch (cause?.code) {
    case "PROVIDER_LAUNCH_PENDING":
      draft.setCondition("Launched", "Unknown", cause.conditionReason ?? "LaunchPending", truncated(message));
      return { requeueAfter: cause.retryAfter ?? seconds(5) };
    case "PROVIDER_INSUFFICIENT_CAPACITY":
    case "PROVIDER_QUOTA_EXCEEDED":
      // LC-18: the pods are planned again, and the provider has marked what it could not give.
      warn(deps, draft, karpenterErrorName(cause.code), message);
      await backOffIfNothingLeft(deps, draft, "insufficient_capacity", message, signal);
      await giveUp(deps, draft, "insufficient_capacity", message, signal);
      return { deleted: true };
    case "PROVIDER_NODE_CLASS_NOT_READY":
      warn(deps, draft, "NodeClassNotReady", message);
      backOff(deps, draft, "nodeclass_not_ready", message);
      await giveUp(deps, draft, "nodeclass_not_ready", message, signal);
      return { deleted: true };
    case "PROVIDER_CREATE_FAILED":
    case "PROVIDER_INVALID_CONFIGURATION":
      await backOffIfNothingLeft(deps, draft, "create_failed", message, signal);
      draft.setCondition("Launched", "Unknown", cause.conditionReason ?? "LaunchFailed", truncated(message));
      throw error;
    default:
      draft.setCondition("Launched", "Unknown", cause?.conditionReason ?? "LaunchFailed", truncated(message));
      throw error;
  }
}

/** Before the claim goes: its pods are planned again at once. */
function backOff(deps: Deps, { stored }: Draft, reason: BackOffReason, message: string): void {
  const pool = poolThatOwns(deps.cache, stored);
  if (pool) deps.backOff.failed(pool, reason, truncated(message));
}

async function backOffIfNothingLeft(
  deps: Deps,
  draft: Draft,
  reason: BackOffReason,
  message: string,
  signal: AbortSignal,
): Promise<void> {
  const pool = poolThatOwns(deps.cache, draft.stored);
  if (pool && (await nothingLeft(deps, pool, draft.stored, signal))) backOff(deps, draft, reason, message);
}

function warn(deps: Deps, { stored, uid }: Draft, reason: string, message: string): void {
  deps.events.publish({
    resource: NodeClaims,
    object: stored,
    type: "Warning",
    reason,
    message: truncated(message),
    dedupeKey: `${reason}/${uid}`,
  });
}

async function giveUp(deps: Deps, draft: Draft, reason: string, cause: string, signal: AbortSignal): Promise<void> {
  await deleteClaim(deps, draft.stored, signal);
  recordGivenUp(deps, draft.name, cause);
  deps.logger.error("giving up nodeclaim", { NodeClaim: draft.name, reason, cause });
  deps.metrics.count("karpenter_nodeclaims_disrupted_total", disruptionLabels(draft.stored, reason));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function truncated(message: string): string {
  return message.length <= MESSAGE_LIMIT ? message : `${message.slice(0, MESSAGE_LIMIT)}...`;
}
