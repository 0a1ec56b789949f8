// nodeclaim.lifecycle: takes a claim from its creation to a working node, and from its deletion to nothing left.

import { ConditionSet, jsonEqual, NodeClaims, Nodes, TERMINATION_FINALIZER, type NodeClaim } from "../../api/index.ts";
import { isNotFound, KubeError, keyOf, patchObject, patchObjectStatus } from "../../kube/index.ts";
import { onChange, type Controller, type ObjectChange, type ReconcileResult } from "../../runtime/index.ts";
import { minutes, seconds, type Duration } from "../../units/index.ts";
import { claimsOfMachine, nodesByProviderID } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { RegistrationHealth } from "../nodepool-registration-health/registration-health.ts";
import { PoolBackOff } from "../provisioning/pool-back-off.ts";
import { Alarms } from "./alarms.ts";
import { Draft, type StepResult } from "./draft.ts";
import { finalize } from "./finalization.ts";
import { initialize, SlowStarts } from "./initialization.ts";
import { launch, LaunchCache } from "./launch.ts";
import { checkLiveness } from "./liveness.ts";
import { Openings, openNode } from "./opening.ts";
import { register } from "./registration.ts";

/** `health` and `backOff` are told how each machine fared. */
export function nodeClaimLifecycleController(
  deps: ControllerDeps,
  health = new RegistrationHealth(),
  backOff = new PoolBackOff(deps),
): Controller {
  const claims = deps.cache.informer(NodeClaims);
  nodesByProviderID(deps.cache);
  const launched = new LaunchCache();
  const memories = { slowStarts: new SlowStarts(), openings: new Openings(), alarms: new Alarms(deps.clock) };
  const parts = { ...deps, health, backOff, ...memories };
  return {
    name: "nodeclaim.lifecycle",
    triggers: [
      onChange(NodeClaims, (change) => (asksForAStep(change) ? [change.after?.metadata.name ?? ""] : [])),
      onChange(Nodes, ({ before, after }) => {
        const id = (after ?? before)?.spec?.providerID ?? "";
        return claimsOfMachine(deps.cache, id).map((claim) => claim.metadata.name ?? "");
      }),
    ],
    feed: parts.alarms.feed,
    concurrency: deps.settings.lifecycleConcurrency,
    rateLimit: { base: seconds(1), max: minutes(1), bucket: retriesFor(deps.settings.lifecycleConcurrency) },
    timeout: minutes(15),
    async reconcile(name, { signal }) {
      parts.alarms.clear(name);
      const claim = claims.get({ name });
      if (!claim || !deps.state.isManaged(claim.spec.nodeClassRef)) return undefined;
      if (claim.metadata.deletionTimestamp) {
        parts.slowStarts.forget(claim.metadata.uid ?? "");
        parts.openings.forget(claim.metadata.uid ?? "");
        return await finalize(deps, launched, claim, signal);
      }
      if (!claim.metadata.finalizers?.includes(TERMINATION_FINALIZER)) {
        // LC-13: the cloud is never called before this is stored, or a crash could leave a machine that nobody looks for.
        await showConditions(deps, await addFinalizer(deps, claim, signal), signal);
        return { requeueAfter: seconds(0) };
      }
      if (!claim.status?.conditions?.length) {
        await showConditions(deps, claim, signal);
        return { requeueAfter: seconds(0) };
      }
      return await advance(parts, launched, claim, signal);
    },
  };
}

/** LC-12: a hundredth of what may run at once, and never so little that a handful of failing claims holds up the rest. */
function retriesFor(concurrency: number): { readonly perSecond: number; readonly burst: number } {
  const perSecond = Math.max(10, Math.ceil(concurrency / 100));
  return { perSecond, burst: 10 * perSecond };
}

/** What this controller writes itself, status and metadata, is no reason to come again: it would undo the back-off. */
function asksForAStep({ before, after }: ObjectChange<NodeClaim>): boolean {
  if (!after) return false;
  if (!before) return true;
  return (
    before.metadata.generation !== after.metadata.generation ||
    before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp ||
    before.status?.providerID !== after.status?.providerID ||
    !jsonEqual(before.metadata.finalizers, after.metadata.finalizers)
  );
}

interface Parts extends ControllerDeps {
  readonly health: RegistrationHealth;
  readonly backOff: PoolBackOff;
  readonly slowStarts: SlowStarts;
  readonly openings: Openings;
  readonly alarms: Alarms;
}

/** LC-14: all steps run, whatever happened in one; what they changed is stored, then the first error is thrown. */
async function advance(
  deps: Parts,
  launched: LaunchCache,
  claim: NodeClaim,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const draft = new Draft(claim, () => deps.clock.now());
  const steps: readonly (() => Promise<StepResult>)[] = [
    () => launch(deps, launched, draft, signal),
    () => register(deps, draft, signal),
    () => openNode(deps, draft, signal),
    () => initialize(deps, draft, signal),
    () => checkLiveness(deps, draft, signal),
  ];
  const errors: unknown[] = [];
  const waits: Duration[] = [];
  for (const step of steps) {
    try {
      const result = await step();
      if (result.deleted) return undefined;
      if (result.requeueAfter !== undefined) waits.push(result.requeueAfter);
    } catch (error) {
      errors.push(error);
    }
  }
  try {
    await store(deps, draft, signal);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    errors.push(error);
  }
  const wait = waits.length === 0 ? undefined : (Math.min(...waits) as Duration);
  if (errors.length === 0) return wait === undefined ? undefined : { requeueAfter: wait };
  if (wait !== undefined) deps.alarms.set(draft.name, wait);
  throw errors.length === 1 ? errors[0] : new AggregateError(errors, errors.map(String).join("; "));
}

async function addFinalizer(deps: ControllerDeps, claim: NodeClaim, signal: AbortSignal): Promise<NodeClaim> {
  const finalizers = [...(claim.metadata.finalizers ?? []), TERMINATION_FINALIZER];
  const after = { ...claim, metadata: { ...claim.metadata, finalizers } };
  return await patchObject(deps.kube, NodeClaims, { before: claim, after }, { lock: true, signal });
}

/** UX-2: a cloud may take a minute to answer; until then people see that the claim waits, and for what. */
async function showConditions(deps: ControllerDeps, claim: NodeClaim, signal: AbortSignal): Promise<void> {
  if (claim.status?.conditions?.length) return;
  const conditions = ConditionSet.forNodeClaim(claim, deps.clock.now()).toList();
  const after = { ...claim, status: { ...claim.status, conditions } };
  await patchObjectStatus(deps.kube, NodeClaims, { before: claim, after }, { lock: true, signal });
}

/**
 * Metadata first, then status: the two never share a request (RT-19). The status is locked, so that conditions that
 * another controller set meanwhile are not overwritten; the launch cache makes the repeat cheap.
 */
async function store(deps: ControllerDeps, draft: Draft, signal: AbortSignal): Promise<void> {
  const { stored, claim } = draft;
  await patchObject(deps.kube, NodeClaims, { before: stored, after: claim }, { signal });
  const current = deps.cache.informer(NodeClaims).get(keyOf(stored));
  if (!current || current.metadata.uid !== stored.metadata.uid) return;
  if (!jsonEqual(stored.status ?? {}, current.status ?? {})) {
    throw new KubeError(409, "Conflict", `nodeclaim ${draft.name}: its status changed meanwhile`);
  }
  const after = { ...current, status: claim.status ?? {} };
  await patchObjectStatus(deps.kube, NodeClaims, { before: current, after }, { lock: true, signal });
}
