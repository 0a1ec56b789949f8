// Runs one demo from start to end and answers whether everything converged.

import type { MemoryLogger } from "@karpenter-multicloud/core/testing";
import type { CloudOpener, ManifestFile } from "./demo-cloud.ts";
import type { DemoWorld } from "./demo-world.ts";
import { LiveView } from "./view/live-view.ts";
import { chooseObjects, readFiles, showcaseObjects } from "./manifests.ts";
import type { DemoCloudName, DemoOptions } from "./options.ts";
import { PlainView } from "./view/plain-view.ts";
import { play } from "./play.ts";
import { ownSteps, quickStartSteps, showcaseSteps } from "./scenario.ts";
import { summaryLines } from "./summary.ts";
import { Tally } from "./view/tally.ts";
import type { Screen } from "./view/view.ts";
import { World } from "./world.ts";

const CLOUDS: Readonly<Record<DemoCloudName, (options: DemoOptions) => Promise<CloudOpener>>> = {
  ovh: async () => (await import("./clouds/ovh.ts")).ovhDemo,
  scaleway: async () => (await import("./clouds/scaleway.ts")).scalewayDemo,
  cloudstack: async () => (await import("./clouds/cloudstack.ts")).cloudStackDemo,
  simulated: async ({ catalog }) => await (await import("./clouds/simulated.ts")).simulatedDemo(catalog),
};

export interface DemoPorts {
  readonly logger: MemoryLogger;
  readonly out: Screen;
  /** @defaultValue the one of the options */
  readonly cloud?: CloudOpener;
}

/** True when everything converged, without an error. @throws UsageError, ManifestError */
export async function runDemo(options: DemoOptions, ports: DemoPorts): Promise<boolean> {
  const started = performance.now();
  const { logger, out } = ports;
  const files = await readFiles(options.files);
  const { cloud, world } = await openWorld(options, ports, files);
  const view = options.ci ? new PlainView(out) : new LiveView(out, world.cloud.title);
  try {
    const chosen = chooseObjects(world.cloud, cloud.customResources, files);
    const objects = files.length === 0 && world.hurried ? world.hurried(chosen) : chosen;
    await world.cluster.apply(world.cloud.preparation);
    const life = world.startControllers();
    const extra = showcaseSteps(world, life, showcaseObjects(world.cloud, cloud.customResources));
    const steps = files.length > 0 ? ownSteps(world, life, objects) : [...quickStartSteps(world, objects), ...extra];
    const tally = new Tally();
    const failed = await play(world, life, steps, { view, tally });
    const errors = logger.lines.filter((line) => line.level === "error");
    await life.stop();
    view.close();
    const totals = tally.totals(performance.now() - started);
    const complaints = await world.cloud.complaints();
    const outcome = { cloud: world.cloud, totals, currency: tally.currency, failed, errors, complaints };
    for (const line of summaryLines(outcome)) out.write(`${line}\n`);
    if (options.ci) out.write(`${JSON.stringify(totals)}\n`);
    return failed === undefined && errors.length === 0 && complaints.length === 0;
  } finally {
    view.close();
    await world.close();
  }
}

async function openWorld(
  options: DemoOptions,
  { logger, cloud: given }: DemoPorts,
  files: readonly ManifestFile[],
): Promise<{ readonly cloud: CloudOpener; readonly world: DemoWorld }> {
  const { cloud: name, real, speed } = options;
  if (!real) {
    const cloud = given ?? (await CLOUDS[name](options));
    return { cloud, world: await World.open({ speed, logger, cloud, files }) };
  }
  const [{ ovhCloud }, { RealWorld }] = await Promise.all([import("./clouds/ovh.ts"), import("./real-world.ts")]);
  const cloud = given ?? ovhCloud({ speed });
  return { cloud, world: await RealWorld.open({ logger, cloud, files }) };
}
