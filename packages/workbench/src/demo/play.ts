// Plays the steps of a demo while something watches: the view, and the tally.

import { NodePools } from "@karpenter-multicloud/core/api";
import type { InstanceType } from "@karpenter-multicloud/core/provider";
import type { ControllerLife } from "./controller-life.ts";
import type { DemoWorld } from "./demo-world.ts";
import type { Step } from "./scenario.ts";
import { readInstanceTypes, takePicture } from "./take-picture.ts";
import type { Tally } from "./view/tally.ts";
import type { View } from "./view/view.ts";

export interface Audience {
  readonly view: View;
  readonly tally: Tally;
}

/** The title of the first step that did not converge, or undefined. */
export async function play(
  world: DemoWorld,
  life: ControllerLife,
  steps: readonly Step[],
  { view, tally }: Audience,
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
  // oxlint-disable-next-line no-restricted-globals -- frames are for eyes, which live in real time
  const frames = view.frameMs === undefined ? undefined : setInterval(look, view.frameMs);
  const stopTicks = watchVirtualTime(world, look);
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
    stopTicks();
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
