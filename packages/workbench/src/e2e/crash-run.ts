// Plays the quick start while the controllers die without a word, once or several times, and come back a little later.

import { NodeClaims, Nodes } from "@karpenter-multicloud/core/api";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { minutes } from "@karpenter-multicloud/core/units";
import { ClaimWitness } from "@karpenter-multicloud/testkit/fault-runs";
import { chooseObjects } from "../demo/manifests.ts";
import type { CloudOpener } from "../demo/demo-cloud.ts";
import { quickStartSteps } from "../demo/scenario.ts";
import { World } from "../demo/world.ts";
import { Lives, type Crash, type LivesReport } from "./lives.ts";

export interface CrashReport extends LivesReport {
  /** The step that did not converge. */
  readonly stuckAt: string | undefined;
  /** Objects of ours, machines and pools that are still there. */
  readonly leftovers: readonly string[];
  /** What cloud and cluster hold against us. */
  readonly complaints: readonly string[];
  readonly claimsEver: number;
  readonly machinesEver: number;
  readonly virtualSeconds: number;
}

/** After the last machine is gone: until the objects that spoke of it are. */
const TIDY_LIMIT = minutes(10);

export async function runWithCrashes(cloud: CloudOpener, crashes: readonly Crash[]): Promise<CrashReport> {
  const world = await World.open({ speed: "fast", logger: new MemoryLogger(), cloud });
  const off = new AbortController();
  try {
    const witness = new ClaimWitness();
    const watching = witness.watch(world.cluster.kube, off.signal);
    const objects = chooseObjects(world.cloud, cloud.customResources, []);
    await world.cluster.apply(world.cloud.preparation);
    const lives = new Lives(world, crashes);
    const begun = world.clock.now();
    lives.begin();
    const stuckAt = await playSteps(world, objects);
    await world.clock.until(async () => (await leftoversOf(world)).length === 0, { timeout: TIDY_LIMIT });
    const report = {
      ...lives.report(),
      stuckAt,
      leftovers: await leftoversOf(world),
      complaints: [...(await world.cloud.complaints()), ...witness.contradictions()],
      claimsEver: witness.claims,
      machinesEver: world.cloud.machinesEver(),
      virtualSeconds: Math.round((world.clock.now() - begun) / 1000),
    };
    lives.end();
    off.abort();
    await watching;
    return report;
  } finally {
    off.abort();
    await world.close();
  }
}

/** The title of the first step that did not come to rest. */
async function playSteps(world: World, objects: Parameters<typeof quickStartSteps>[1]): Promise<string | undefined> {
  for (const step of quickStartSteps(world, objects)) {
    if (!(await step.run())) return step.title;
  }
  return undefined;
}

/** What a world that came to rest has no more. */
export async function leftoversOf(world: World): Promise<readonly string[]> {
  const claims = (await world.cluster.kube.list(NodeClaims)).items;
  const nodes = (await world.cluster.kube.list(Nodes)).items;
  const { cloud } = world;
  return [
    ...claims.map(({ metadata }) => `NodeClaim ${metadata.name} with finalizers ${metadata.finalizers?.join(", ")}`),
    ...nodes.map(({ metadata }) => `Node ${metadata.name} with finalizers ${metadata.finalizers?.join(", ")}`),
    ...(cloud.liveMachines() > 0 ? [`${cloud.liveMachines()} machines`] : []),
    ...(cloud.pools() > 0 ? [`${cloud.pools()} pools`] : []),
  ];
}
