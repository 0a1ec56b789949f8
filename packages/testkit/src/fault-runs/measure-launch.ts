// Many NodeClaims at once: how many calls the cloud gets for each node, and how long it takes until all are ready.

import { isConditionTrue, NodeClaims } from "@karpenter-multicloud/core/api";
import { minutes } from "@karpenter-multicloud/core/units";
import { Stage, type CloudAction, type Subject } from "../stage/index.ts";

export interface LaunchFigures {
  readonly nodes: number;
  /** Fewer than `nodes` when the time ran out. */
  readonly ready: number;
  /** Undefined when the cloud does not count requests. */
  readonly requests: Readonly<Record<CloudAction, number>> | undefined;
  readonly callsPerNode: number | undefined;
  readonly virtualSeconds: number;
  readonly milliseconds: number;
}

export async function measureLaunch(subject: Subject, nodes: number): Promise<LaunchFigures> {
  const begun = performance.now();
  const stage = await Stage.open(subject, { running: "all" });
  try {
    const [from, before] = [stage.clock.now(), stage.cloud.requests?.().length ?? 0];
    for (let count = 0; count < nodes; count++) await stage.claim();
    const ready = async (): Promise<number> =>
      (await stage.kube.list(NodeClaims)).items.filter((claim) => isConditionTrue(claim, "Initialized")).length;
    await stage.until(async () => (await ready()) === nodes, minutes(90));
    const seen = stage.cloud.requests?.().slice(before);
    const count = (action: CloudAction): number => seen?.filter((each) => each.action === action).length ?? 0;
    return {
      nodes,
      ready: await ready(),
      requests: seen && {
        create: count("create"),
        delete: count("delete"),
        list: count("list"),
        other: count("other"),
      },
      callsPerNode: seen && seen.length / nodes,
      virtualSeconds: Math.round((stage.clock.now() - from) / 1000),
      milliseconds: Math.round(performance.now() - begun),
    };
  } finally {
    await stage.close();
  }
}
