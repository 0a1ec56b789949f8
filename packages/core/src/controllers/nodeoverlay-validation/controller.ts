// nodeoverlay.controller: which NodeOverlays count, in their condition ValidationSucceeded and for all who plan with prices (OV-1 to OV-6).

import {
  ConditionSet,
  isConditionTrue,
  NodeOverlays,
  NodePools,
  READY,
  type ConditionedObject,
  type CustomResource,
  type NodeOverlay,
  type NodePool,
} from "../../api/index.ts";
import { isNotFound, patchObjectStatus } from "../../kube/index.ts";
import { evaluateOverlays, type OverlayEvaluation, type PoolListing } from "../../pricing/index.ts";
import { normalizationOf, wellKnownLabelsOf } from "../../provider/index.ts";
import {
  onChange,
  singletonController,
  type Controller,
  type ObjectChange,
  type RateLimit,
  type ReconcileResult,
} from "../../runtime/index.ts";
import { hours, milliseconds, seconds, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { managedPools } from "../managed-pools.ts";
import type { OverlayStore } from "../overlay-store.ts";

const NAME = "nodeoverlay.controller";
/** New instance types may contradict overlays that did not contradict each other before (OV-1). */
const LOOK_AGAIN: Duration = hours(6);
const RATE_LIMIT: RateLimit = {
  base: milliseconds(100),
  max: seconds(60),
  bucket: { perSecond: 10, burst: 100 },
};

type Deps = Pick<ControllerDeps, "kube" | "cache" | "state" | "clock" | "provider" | "logger">;

/** `nodeClasses` are the provider's NodeClass kinds. */
export function nodeOverlayController(
  deps: Deps,
  store: OverlayStore,
  nodeClasses: readonly CustomResource[],
): Controller {
  const overlays = deps.cache.informer(NodeOverlays);
  return singletonController({
    name: NAME,
    rateLimit: RATE_LIMIT,
    triggers: [
      onChange(NodeOverlays, (change) => (isAnother(change) ? [NAME] : [])),
      onChange(NodePools, (change) => (isAnother(change) || becameReady(change) ? [NAME] : [])),
      ...nodeClasses.map(({ resource }) => ({ resource, keys: wokenByClass })),
    ],
    async run({ signal }): Promise<ReconcileResult> {
      const all = overlays.list();
      const managed = managedPools(deps);
      // Without overlays nothing is compared, so that no cloud has to be asked.
      const { listings, failed } =
        all.length === 0 ? { listings: managed.map(unlisted), failed: [] } : await list(deps, managed, signal);
      const evaluation = evaluateOverlays(listings, all, contextOf(deps));
      store.replace(evaluation);
      const outdated = await tell(deps, all, evaluation, signal);
      throwFailures(failed.filter(({ pool }) => isConditionTrue(pool, READY)));
      // A pool that is not ready says itself what it lacks.
      return outdated || failed.length > 0 ? { requeue: true } : { requeueAfter: LOOK_AGAIN };
    },
  });
}

interface FailedListing {
  readonly pool: NodePool;
  readonly error: unknown;
}

interface Listings {
  readonly listings: readonly PoolListing[];
  readonly failed: readonly FailedListing[];
}

/** OV-2: a pool whose types cannot be listed keeps no other one waiting. */
async function list({ provider }: Deps, pools: readonly NodePool[], signal: AbortSignal): Promise<Listings> {
  const listings: PoolListing[] = [];
  const failed: FailedListing[] = [];
  for (const pool of pools) {
    try {
      listings.push({ nodePool: pool, instanceTypes: (await provider.getInstanceTypes(pool, { signal })).items });
    } catch (error) {
      signal.throwIfAborted();
      failed.push({ pool, error });
    }
  }
  return { listings, failed };
}

function unlisted(nodePool: NodePool): PoolListing {
  return { nodePool, instanceTypes: [] };
}

function throwFailures(failed: readonly FailedListing[]): void {
  if (failed.length === 0) return;
  const texts = failed.map(({ pool, error }) => `nodepool ${pool.metadata.name}: ${String(error)}`);
  const errors = failed.map(({ error }) => error);
  throw new AggregateError(errors, `listing instance types for overlays: ${texts.join("; ")}`);
}

function contextOf({ provider }: Deps): Parameters<typeof evaluateOverlays>[2] {
  const settings = provider.settings();
  const { restrictedDomains } = settings;
  return {
    wellKnown: wellKnownLabelsOf(settings),
    ...(restrictedDomains && { restrictedDomains }),
    normalization: normalizationOf(settings),
  };
}

/** True when an overlay has changed or gone meanwhile: then others may be right by now, and all are looked at again (OV-6). */
async function tell(
  deps: Deps,
  overlays: readonly NodeOverlay[],
  { rejected }: OverlayEvaluation,
  signal: AbortSignal,
): Promise<boolean> {
  let outdated = false;
  for (const overlay of overlays) {
    const verdict = rejected.find((each) => each.overlay === overlay);
    const known = ConditionSet.forNodeOverlay(overlay, deps.clock.now());
    const conditions = verdict
      ? known.set("ValidationSucceeded", "False", verdict.reason, verdict.detail)
      : known.set("ValidationSucceeded", "True");
    const after = { ...overlay, status: { ...overlay.status, conditions: conditions.toList() } };
    const change = { before: overlay, after };
    try {
      await patchObjectStatus(deps.kube, NodeOverlays, change, { lock: true, signal });
    } catch (error) {
      // A conflict ends this run, and the next one sees the newer overlay.
      if (!isNotFound(error)) throw error;
      outdated = true;
    }
  }
  return outdated;
}

/** Came, went, or has another spec; what stands in the status changes no price. */
function isAnother({ before, after }: ObjectChange<ConditionedObject>): boolean {
  return before?.metadata.generation !== after?.metadata.generation || before?.metadata.uid !== after?.metadata.uid;
}

/** What could not be listed before may be there from now on. */
function becameReady({ before, after }: ObjectChange<ConditionedObject>): boolean {
  return after !== undefined && isConditionTrue(after, READY) && !(before && isConditionTrue(before, READY));
}

function wokenByClass(change: ObjectChange<ConditionedObject>): readonly string[] {
  return isAnother(change) || becameReady(change) ? [NAME] : [];
}
