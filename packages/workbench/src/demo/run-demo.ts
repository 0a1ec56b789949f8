// Plays one demo from start to end and answers whether everything converged.

import { NodePools } from "@karpenter-multicloud/core/api";
import type { InstanceType } from "@karpenter-multicloud/core/provider";
import type { MemoryLogger } from "@karpenter-multicloud/core/testing";
import type { DemoCloudName, DemoOptions } from "./options.ts";
import type { ControllerLife } from "./controller-life.ts";
import type { CloudOpener, ManifestFile } from "./demo-cloud.ts";
import type { DemoWorld } from "./demo-world.ts";
import { chooseObjects, readFiles } from "./manifests.ts";
import { LiveView } from "./live-view.ts";
import { PlainView } from "./plain-view.ts";
import { ownSteps, quickStartSteps, type Step } from "./scenario.ts";
import { summaryLines } from "./summary.ts";
import { readInstanceTypes, takePicture } from "./take-picture.ts";
import { Tally } from "./tally.ts";
import { World } from "./world.ts";

const CLOUDS: Readonly<Record<DemoCloudName, () => Promise<CloudOpener>>> = {
  ovh: async () => (await import("./clouds/ovh.ts")).ovhDemo,
  simulated: async () => (await import("./clouds/simulated.ts")).simulatedDemo,
};
const FRAME_MS = 100;

export async function runDemo(options: DemoOptions, logger: MemoryLogger): Promise<boolean> {
  const started = performance.now();
  const files = await readFiles(options.files);
  const { cloud, world } = await openWorld(options, logger, files);
  const view = options.ci ? new PlainView(process.stdout) : new LiveView(process.stdout, world.cloud.title);
  try {
    const chosen = chooseObjects(world.cloud, cloud.customResources, files);
    const objects = files.length === 0 && world.hurried ? world.hurried(chosen) : chosen;
    await world.cluster.apply(world.cloud.preparation);
    const life = world.startControllers();
    const steps = files.length > 0 ? ownSteps(world, life, objects) : quickStartSteps(world, objects);
    const tally = new Tally();
    const failed = await play(world, life, steps, view, tally);
    const errors = logger.lines.filter((line) => line.level === "error");
    await life.stop();
    view.close();
    const totals = tally.totals(performance.now() - started);
    const complaints = await world.cloud.complaints();
    for (const line of summaryLines({ cloud: world.cloud, totals, failed, errors, complaints })) console.log(line);
    if (options.ci) console.log(JSON.stringify(totals));
    return failed === undefined && errors.length === 0 && complaints.length === 0;
  } finally {
    view.close();
    await world.close();
  }
}

async function openWorld(
  { cloud: name, real, speed }: DemoOptions,
  logger: MemoryLogger,
  files: readonly ManifestFile[],
): Promise<{ readonly cloud: CloudOpener; readonly world: DemoWorld }> {
  if (!real) {
    const cloud = await CLOUDS[name]();
    return { cloud, world: await World.open({ speed, logger, cloud, files }) };
  }
  const [{ ovhCloud }, { RealWorld }] = await Promise.all([import("./clouds/ovh.ts"), import("./real-world.ts")]);
  const cloud = ovhCloud({ speed });
  return { cloud, world: await RealWorld.open({ logger, cloud, files }) };
}

/** The title of the first step that did not converge, or undefined. */
async function play(
  world: DemoWorld,
  life: ControllerLife,
  steps: readonly Step[],
  view: LiveView | PlainView,
  tally: Tally,
): Promise<string | undefined> {
  let title = "";
  let types: readonly InstanceType[] = [];
  const look = (): void => {
    const picture = takePicture(life.deps, world.cloud, title, types);
    tally.see(picture);
    view.draw(picture);
  };
  const signal = new AbortController().signal;
  const stopTypes = life.deps.cache.informer(NodePools).onChange(() => {
    void readInstanceTypes(life.deps, signal).then((read) => {
      types = read.length > 0 ? read : types;
    });
  });
  const stopDecisions = life.deps.decisions.subscribe(() => look());
  const frames = setInterval(look, FRAME_MS);
  const ticks = watchVirtualTime(world, look);
  try {
    for (const step of steps) {
      title = step.title;
      look();
      const arrived = await step.run();
      look();
      if (!arrived) return step.title;
    }
    return undefined;
  } finally {
    clearInterval(frames);
    ticks();
    stopDecisions();
    stopTypes();
  }
}

/** Looks once every five virtual seconds too, so that the peaks are seen however fast time runs. */
function watchVirtualTime(world: DemoWorld, look: () => void): () => void {
  let cancel = (): void => {};
  const next = (): void => {
    cancel = world.clock.schedule(world.clock.now() + 5000, () => {
      look();
      next();
    });
  };
  next();
  return () => cancel();
}
