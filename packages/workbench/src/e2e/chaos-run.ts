// Plays a small life of a cluster while everything between the controllers, their API server and their cloud goes wrong, drawn from a seed.

import { NodeClaims, NodePools, type KubeObject, type NodePool } from "@karpenter-multicloud/core/api";
import { MemoryLogger, type LogLine } from "@karpenter-multicloud/core/testing";
import { hours, milliseconds, minutes, seconds, type Duration } from "@karpenter-multicloud/core/units";
import { seededRandom, type SimulatedFaults } from "@karpenter-multicloud/simulator";
import { ApiFaults, UnreliableClient, type ApiFaultPlan, type CrashPoint } from "@karpenter-multicloud/testkit";
import { ovhCloud } from "../demo/clouds/ovh.ts";
import { simulatedCloud } from "../demo/clouds/simulated.ts";
import type { CloudOpener } from "../demo/demo-cloud.ts";
import { chooseObjects } from "../demo/manifests.ts";
import { World } from "../demo/world.ts";
import { ClaimWitness } from "@karpenter-multicloud/testkit/fault-runs";
import { leftoversOf } from "./crash-run.ts";
import { Lives, type Crash } from "./lives.ts";
import { NodeWitness } from "./node-witness.ts";

export interface Chaos {
  readonly api: ApiFaultPlan;
  readonly cloud: SimulatedFaults;
  readonly crashes: readonly Crash[];
  /** Somebody deletes a claim by hand while pods run on its node. */
  readonly meddling: boolean;
  /** Machines of at most four pods, so that there are many. */
  readonly small: boolean;
}

export interface ChaosReport {
  /** Everything that must not have happened. */
  readonly problems: readonly string[];
  readonly deaths: readonly CrashPoint[];
  readonly faults: ReadonlyMap<string, number>;
  readonly claimsEver: number;
  readonly machinesEver: number;
  readonly virtualSeconds: number;
  readonly log: readonly LogLine[];
}

const START = Date.UTC(2026, 0, 1, 8);
const WORKLOAD = { name: "inflate", namespace: "default" };
const STEP_LIMIT: Duration = hours(2);

/** About a third of everything is left out in each seed, so that each kind of trouble is also met alone. */
export function drawChaos(seed: number): Chaos {
  const random = seededRandom(seed);
  const share = (most: number): number => (random() < 0.35 ? 0 : random() * most);
  const many = (most: number): readonly number[] => [...Array(Math.floor(random() * (most + 1))).keys()];
  const outages = many(2).map(() => {
    const from = START + seconds(10 + Math.floor(random() * 600));
    return { from, to: from + seconds(5 + Math.floor(random() * 295)) };
  });
  return {
    api: {
      refused: share(0.2),
      answerLost: share(0.1),
      conflicts: share(0.7),
      watchDropped: share(0.1),
      watchExpired: share(0.05),
      watchDelayMs: share(10_000),
      outages,
    },
    cloud: {
      errorRate: share(0.3),
      lostAnswerRate: share(0.3),
      createLatency: milliseconds(Math.floor(share(60_000))),
      deleteLatency: milliseconds(Math.floor(share(60_000))),
      registrationDelay: milliseconds(Math.floor(share(90_000))),
    },
    crashes: many(3).map(() => ({
      point: 20 + Math.floor(random() * 1500),
      downFor: seconds(Math.floor(random() * 40)),
    })),
    meddling: random() < 0.35,
    small: random() < 0.5,
  };
}

export interface ChaosPlace {
  readonly open: (chaos: Chaos) => CloudOpener;
  /** Its label for the number of CPUs. */
  readonly cpuLabel: string;
}

export const SIMULATED: ChaosPlace = {
  open: (chaos) => simulatedCloud((cloud) => cloud.inject(chaos.cloud)),
  cpuLabel: "karpenter.kwok.sh/instance-cpu",
};

/** Over HTTPS, with machines that take minutes; what goes wrong in this cloud itself is tested with its provider. */
export const OVH: ChaosPlace = { open: () => ovhCloud(), cpuLabel: "karpenter.ovhcloud.sh/instance-cpu" };

export async function runInChaos(seed: number, chaos: Chaos, place: ChaosPlace = SIMULATED): Promise<ChaosReport> {
  const opener = place.open(chaos);
  const world = await World.open({ speed: "fast", seed, logger: new MemoryLogger(), cloud: opener });
  const off = new AbortController();
  try {
    const claims = new ClaimWitness();
    const nodes = new NodeWitness(world.cluster.kube);
    await world.cluster.apply(world.cloud.preparation);
    const watching = [claims.watch(world.cluster.kube, off.signal), nodes.watch(off.signal)];
    const faults = new ApiFaults(chaos.api, seededRandom(seed + 1), () => world.clock.now());
    const client = new UnreliableClient(world.cluster.kube, faults, world.clock);
    const lives = new Lives(world, chaos.crashes, client);
    lives.begin();
    const chosen = chooseObjects(world.cloud, opener.customResources, []);
    const objects = chaos.small ? chosen.map((object) => onSmallMachines(object, place.cpuLabel)) : chosen;
    const stuck = await play(world, objects, chaos.meddling, nodes);
    await world.clock.until(async () => (await leftoversOf(world)).length === 0, { timeout: minutes(20) });
    const left = await leftoversOf(world);
    const { deaths, log } = lives.report();
    const problems = [
      ...(stuck === undefined ? [] : [`not converged: ${stuck}`]),
      ...left.map((what) => `left over: ${what}`),
      ...(await world.cloud.complaints()),
      ...claims.contradictions(),
      ...nodes.mistakes,
      ...crashesIn(log),
    ];
    const virtualSeconds = Math.round((world.clock.now() - START) / 1000);
    const counts = { claimsEver: claims.claims, machinesEver: world.cloud.machinesEver() };
    lives.end();
    off.abort();
    await Promise.all(watching);
    return { problems, deaths, faults: faults.counts, ...counts, virtualSeconds, log };
  } finally {
    off.abort();
    await world.close();
  }
}

/** 4 pods, 14, perhaps a hand that deletes a claim, 5, none. Answers the step that the world did not get over. */
async function play(
  world: World,
  objects: readonly KubeObject[],
  meddling: boolean,
  nodes: NodeWitness,
): Promise<string | undefined> {
  await world.cluster.apply(objects);
  for (const replicas of [4, 14]) {
    await world.cluster.scale(WORKLOAD, replicas);
    if (!(await running(world, replicas))) return `${replicas} pods`;
  }
  if (meddling) {
    await meddle(world, nodes);
    if (!(await running(world, 14))) return "14 pods after a claim was deleted by hand";
  }
  await world.cluster.scale(WORKLOAD, 5);
  if (!(await running(world, 5))) return "5 pods";
  await world.cluster.scale(WORKLOAD, 0);
  const gone = async (): Promise<boolean> =>
    world.cloud.liveMachines() === 0 && (await world.cluster.nodes()).length === 0;
  return (await world.clock.until(gone, { timeout: STEP_LIMIT })) ? undefined : "no pods, no machines";
}

async function running(world: World, replicas: number): Promise<boolean> {
  const holds = async (): Promise<boolean> => {
    const alive = (await world.cluster.pods()).filter(({ metadata }) => !metadata.deletionTimestamp);
    return alive.length === replicas && alive.every(({ status }) => status?.phase === "Running");
  };
  return await world.clock.until(holds, { timeout: STEP_LIMIT });
}

/** Deletes the first claim that has a Node. */
async function meddle(world: World, nodes: NodeWitness): Promise<void> {
  const { items } = await world.cluster.kube.list(NodeClaims);
  const claim = items.find(({ status, metadata }) => status?.nodeName && !metadata.deletionTimestamp);
  const { metadata: { name = "" } = {}, status: { nodeName = "" } = {} } = claim ?? {};
  if (name === "") return;
  nodes.wanted.add(nodeName);
  await world.cluster.kube.delete(NodeClaims, { name });
  await world.clock.advance(seconds(1));
}

function onSmallMachines(object: KubeObject, key: string): KubeObject {
  if (object.kind !== NodePools.kind) return object;
  const pool = object as NodePool;
  const { template } = pool.spec;
  const small = { key, operator: "In" as const, values: ["2", "4"] };
  const spec = { ...template.spec, requirements: [...template.spec.requirements, small] };
  return { ...pool, spec: { ...pool.spec, template: { ...template, spec } } } as KubeObject;
}

/** Faults are errors that a controller expects; a bug shows as an exception of JavaScript's own. */
function crashesIn(log: readonly LogLine[]): readonly string[] {
  return log.flatMap(({ message, fields: { error } }) =>
    error instanceof TypeError || error instanceof RangeError ? [`${message}: ${String(error)}`] : [],
  );
}
