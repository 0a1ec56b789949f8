// What a newcomer sees when something is wrong: decisions, conditions and events of a world that has had some minutes to settle.

import {
  Events,
  NodePools,
  Pods,
  type Condition,
  type KubeEvent,
  type KubeObject,
  type NodePool,
  type Resource,
} from "@karpenter-multicloud/core/api";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { minutes } from "@karpenter-multicloud/core/units";
import { OVHNodeClasses, type OVHNodeClass } from "@karpenter-multicloud/provider-ovh";
import type { CloudOpener } from "../demo/demo-cloud.ts";
import { decisionLines } from "../demo/view/decision-lines.ts";
import { chooseObjects } from "../demo/manifests.ts";
import { World } from "../demo/world.ts";

export interface Situation {
  readonly cloud: CloudOpener;
  /** Changes what is applied, Secrets and quick start alike; undefined leaves an object out. */
  readonly change?: (object: KubeObject) => KubeObject | undefined;
  /** Virtual minutes before anybody looks. @defaultValue 3 */
  readonly after?: number;
}

export interface Sight {
  /** "Verdict subject: detail", as `demo --ci` prints them. */
  readonly decisions: readonly string[];
  /** "Type=False Reason: message" of the NodeClass, those that are not True. */
  readonly nodeClass: readonly string[];
  readonly nodePool: readonly string[];
  /** "Reason: message" of warnings about pods, each text once. */
  readonly podEvents: readonly string[];
  /** The same about everything else, with the kind. */
  readonly otherEvents: readonly string[];
  readonly running: number;
  readonly log: MemoryLogger;
}

export async function lookAt({ cloud, change = (object) => object, after = 3 }: Situation): Promise<Sight> {
  const log = new MemoryLogger();
  const world = await World.open({ speed: "fast", logger: log, cloud });
  try {
    const objects = chooseObjects(world.cloud, cloud.customResources, []);
    const given = [...world.cloud.preparation, ...objects].flatMap((object) => change(object) ?? []);
    await world.cluster.apply(given);
    const life = world.startControllers();
    await world.clock.advance(minutes(after));
    const sight = await see(world, life.deps.decisions.list(), log);
    await life.stop();
    return sight;
  } finally {
    await world.close();
  }
}

async function see(world: World, decisions: Parameters<typeof decisionLines>[0], log: MemoryLogger): Promise<Sight> {
  const { kube } = world.cluster;
  const events = (await kube.list<KubeEvent>(Events)).items.filter(({ type }) => type === "Warning");
  const about = (event: KubeEvent): boolean => event.involvedObject.kind === Pods.kind;
  const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)];
  return {
    decisions: decisionLines(decisions).map(({ verdict, subject, detail }) => `${verdict} ${subject}: ${detail}`),
    nodeClass: await conditionsOf<OVHNodeClass>(world, OVHNodeClasses),
    nodePool: await conditionsOf<NodePool>(world, NodePools),
    podEvents: unique(events.filter(about).map(({ reason, message }) => `${reason}: ${message}`)),
    otherEvents: unique(
      events
        .filter((event) => !about(event))
        .map(({ involvedObject, reason, message }) => `${involvedObject.kind} ${reason}: ${message}`),
    ),
    running: (await world.cluster.pods()).filter(({ status }) => status?.phase === "Running").length,
    log,
  };
}

interface WithConditions extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

async function conditionsOf<T extends WithConditions>(world: World, resource: Resource<T>): Promise<readonly string[]> {
  const { items } = await world.cluster.kube.list(resource).catch(() => ({ items: [] as readonly T[] }));
  return items.flatMap(({ status }) =>
    (status?.conditions ?? [])
      .filter((condition) => condition.status !== "True")
      .map(({ type, status: value, reason, message }) => `${type}=${value} ${reason}: ${message}`),
  );
}
