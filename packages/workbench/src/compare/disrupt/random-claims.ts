// NodeClaims of a random scenario, with the conditions that Karpenter's own controllers would have left on them.

import type { Draw } from "../draw.ts";
import { consolidatableMark, secondsOf } from "./marked.ts";
import type { RandomPool } from "./random-pools.ts";
import { share } from "./themes.ts";
import type { Theme } from "./themes.ts";
import { ago } from "./world.ts";
import type { World } from "./world.ts";

export interface RandomClaim {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: object;
  readonly status: {
    readonly conditions: readonly { readonly type: string }[];
    readonly lastPodEventTime?: string;
  };
}

export interface ClaimWishes {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly pool: RandomPool;
  readonly isInitialized: boolean;
}

export function randomClaim(world: World, { name, labels, pool, isInitialized }: ClaimWishes): RandomClaim {
  const { draw, theme } = world;
  const isLeaving = draw.happens(share(theme, "strange nodes", 0.12, 0.02));
  const age = draw.pick([1800, 7200, 86400, 864000]);
  return {
    metadata: {
      name,
      labels,
      creationTimestamp: ago(age),
      ...randomHash(draw, theme),
      ...(isLeaving && { deletionTimestamp: ago(60), finalizers: ["karpenter.sh/termination"] }),
    },
    spec: {
      nodeClassRef: { group: "karpenter.test.sh", kind: "TestNodeClass", name: "default" },
      requirements: [],
      ...(draw.happens(0.3) && { terminationGracePeriod: draw.pick(["30s", "5m", "1h"]) }),
    },
    status: randomStatus(world, pool, { age, isInitialized }),
  } as RandomClaim;
}

function randomHash(draw: Draw, theme: Theme): { readonly annotations?: Readonly<Record<string, string>> } {
  if (!draw.happens(share(theme, "conditions", 0.8))) return {};
  return {
    annotations: {
      "karpenter.sh/nodepool-hash": draw.pick(["1", "1", "2"]),
      "karpenter.sh/nodepool-hash-version": draw.pick(["v3", "v3", "v2"]),
    },
  };
}

function randomStatus(
  { draw, theme }: World,
  pool: RandomPool,
  { age, isInitialized }: { readonly age: number; readonly isInitialized: boolean },
): RandomClaim["status"] {
  const waits = theme === "waiting" || theme === "conditions" || theme === "stale conditions";
  const young = waits && draw.happens(0.3) ? someTimeAgo(draw, pool) : age - 90;
  const initialized = Math.min(young, age);
  const hadPods = draw.happens(share(theme, "waiting", 0.7, waits ? 0.6 : 0.1));
  const podEvent = hadPods ? Math.min(someTimeAgo(draw, pool), initialized) : undefined;
  const drifts = draw.happens(share(theme, "drift", 0.5, theme === "static" ? 0.6 : 0.05));
  const isStale = theme === "stale conditions" && draw.happens(0.15);
  const mark = consolidatableMark({ pool, isInitialized, quietFor: podEvent ?? initialized });
  return {
    conditions: [
      ...["Launched", "Registered"].map((type) => condition(type, "True", initialized)),
      ...(isInitialized ? [condition("Initialized", "True", initialized)] : []),
      ...(drifts ? [condition("Drifted", "True", draw.between(1, 30) * 60 + draw.between(0, 59), "ImageDrifted")] : []),
      // Written as False because the format takes a condition that is not said for True.
      condition("Consolidatable", mark !== isStale ? "True" : "False", 60),
    ],
    ...(podEvent !== undefined && { lastPodEventTime: ago(podEvent) }),
  };
}

/** Up to half an hour, often to the second when the pool's pause is over, or one before. */
function someTimeAgo(draw: Draw, { pause }: RandomPool): number {
  const seconds = secondsOf(pause) ?? 0;
  if (seconds > 0 && draw.happens(0.2)) return draw.pick([seconds - 1, seconds, seconds + 1]);
  return draw.between(0, 30) * 60 + draw.between(0, 59);
}

function condition(type: string, status: string, since: number, reason = type): RandomClaim["status"]["conditions"][0] {
  return { type, status, reason, message: "", lastTransitionTime: ago(since) } as { readonly type: string };
}
