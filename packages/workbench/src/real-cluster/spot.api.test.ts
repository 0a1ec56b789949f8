// Spot nodes on a real control plane: a cheaper spot node takes over only when there are enough kinds to choose from (D-85, D-88).

import {
  CUSTOM_RESOURCES,
  Label,
  NodeClaims,
  NodePools,
  Pods,
  toCustomResourceDefinition,
  toRfc3339,
  type KubeObject,
  type Resource,
} from "@karpenter-multicloud/core/api";
import { ProviderFactory } from "@karpenter-multicloud/core/controllers";
import { createTimeScaledClient, type KubeClient } from "@karpenter-multicloud/core/kube";
import { createKubeClient } from "@karpenter-multicloud/core/kube/adapter";
import { defaultSettings } from "@karpenter-multicloud/core/options";
import { parseTimeScale, ScaledClock } from "@karpenter-multicloud/core/runtime";
import { silentLogger, silentMetrics } from "@karpenter-multicloud/core/telemetry";
import { seconds } from "@karpenter-multicloud/core/units";
import {
  applyAll,
  BUILT_IN_RESOURCES,
  KwokNodeClasses,
  SIMULATED_CUSTOM_RESOURCES,
  SimulatedCloud,
  simulatedProviderFactory,
} from "@karpenter-multicloud/simulator";
import {
  prepareControlPlane,
  startControlPlane,
  type ControlPlane,
  type OptionalComponent,
} from "@karpenter-multicloud/testkit/control-plane";
import { ContainerModule } from "inversify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { beginLife, type ControllerLife } from "../demo/controller-life.ts";
import { deployment } from "../e2e-real/objects.ts";
import { LIMIT_MS, PATIENCE } from "./patience.ts";
import { RealClock } from "./real-clock.ts";
import { RealMachines } from "./real-machines.ts";

const COMPONENTS: readonly OptionalComponent[] = ["scheduler", "controller-manager", "kwok"];
const OURS = [...CUSTOM_RESOURCES, ...SIMULATED_CUSTOM_RESOURCES];
const RESOURCES: readonly Resource[] = [...BUILT_IN_RESOURCES, ...OURS.map(({ resource }) => resource)];
const TIME_SCALE = 60;
const POOL = "spot";
const LARGE = "m-64x-amd64-linux";
/** Cheaper ones, but fewer than fifteen. */
const FEW = ["m-48x-amd64-linux", "m-32x-amd64-linux", "m-16x-amd64-linux", LARGE];
const isThere = await prepareControlPlane("spot nodes on a real control plane", COMPONENTS);

describe.runIf(isThere)("spot nodes on a real control plane", { timeout: LIMIT_MS }, () => {
  const clock = new RealClock();
  const over = new AbortController();
  let plane: ControlPlane;
  let kube: KubeClient;
  let life: ControllerLife;

  beforeAll(async () => {
    plane = await startControlPlane({ components: COMPONENTS, crds: OURS.map(toCustomResourceDefinition) });
    kube = createKubeClient({ kubeconfig: plane.kubeconfigPath, clock, logger: silentLogger });
    const scaled = new ScaledClock(clock, parseTimeScale(`${TIME_SCALE}@${toRfc3339(clock.now())}`, clock.now()));
    const machines = new RealMachines({ kube, clock, signal: over.signal });
    const cloud = new SimulatedCloud({ clock: scaled, machines, seed: 1 });
    const module = new ContainerModule(({ bind }) => {
      bind(ProviderFactory).toConstantValue(simulatedProviderFactory(cloud));
    });
    const defaults = defaultSettings({ clusterName: "test" });
    const featureGates = { ...defaults.featureGates, SpotToSpotConsolidation: true };
    const settings = { ...defaults, featureGates, taintSettleTime: seconds(2 * TIME_SCALE) };
    const client = createTimeScaledClient(kube, scaled);
    const ports = { client, clock: scaled, clusterClock: clock, logger: silentLogger, metrics: silentMetrics };
    life = beginLife({ ...ports, settings, env: {}, random: () => 0.5 }, module);
    const spec = { nodeRegistrationDelay: "30s" };
    await kube.create(KwokNodeClasses, { metadata: { name: "default" }, spec });
  }, LIMIT_MS);

  afterAll(async () => {
    await life.stop();
    over.abort(new Error("the test is over"));
    await plane.stop();
  });

  const until = async (isTrue: () => Promise<boolean>, what: string): Promise<void> => {
    if (await clock.until(isTrue, { timeout: PATIENCE })) return;
    const said = life.deps.decisions.list().slice(-10);
    throw new Error(`not so after a minute: ${what}; decided last: ${JSON.stringify(said, undefined, 1)}`);
  };

  const types = async (): Promise<readonly (string | undefined)[]> =>
    (await kube.list(NodeClaims)).items.map(({ metadata }) => metadata.labels?.[Label.InstanceType]);
  const runs = async (): Promise<boolean> =>
    (await kube.list(Pods, { namespace: "default" })).items.some(
      ({ status, metadata }) => status?.phase === "Running" && !metadata.deletionTimestamp,
    );
  const offer = async (names: readonly string[]): Promise<void> => {
    const body = { spec: { template: { spec: { requirements: requirementsOf(names) } } } };
    await kube.patch(NodePools, { name: POOL }, { type: "merge", body });
  };

  it("stays while fewer than fifteen cheaper kinds are allowed, and says so", async () => {
    await applyAll(kube, RESOURCES, [pool([LARGE]), deployment({ name: "web", pool: POOL, replicas: 1 })]);
    await until(async () => (await runs()) && (await types()).length === 1, "the pod runs on a large spot node");
    await offer(FEW);
    const isTold = async (): Promise<boolean> =>
      life.deps.decisions.list().some(({ verdict }) => verdict === "SpotFlexibility");
    await until(isTold, "the verdict is SpotFlexibility");
    expect(await types()).toEqual([LARGE]);
  });

  it("is replaced by a cheaper spot node when there are enough kinds, and the pod moves", async () => {
    await offer([]);
    const isReplaced = async (): Promise<boolean> => {
      const [type, ...others] = await types();
      return others.length === 0 && type !== LARGE && (await runs());
    };
    await until(isReplaced, "a cheaper node has taken over");
    const [claim] = (await kube.list(NodeClaims)).items;
    expect(claim?.metadata.labels?.[Label.CapacityType]).toBe("spot");
  });
});

/** Of any type when none is named. */
function requirementsOf(types: readonly string[]) {
  return [
    { key: Label.CapacityType, operator: "In", values: ["spot"] },
    { key: Label.Arch, operator: "In", values: ["amd64"] },
    { key: Label.Os, operator: "In", values: ["linux"] },
    ...(types.length === 0 ? [] : [{ key: Label.InstanceType, operator: "In", values: types }]),
  ];
}

function pool(types: readonly string[]): KubeObject {
  const nodeClassRef = { group: "karpenter.kwok.sh", kind: "KWOKNodeClass", name: "default" };
  const template = { spec: { nodeClassRef, requirements: requirementsOf(types), expireAfter: "Never" } };
  const budgets = [{ nodes: "100%" }];
  const disruption = { consolidationPolicy: "WhenEmptyOrUnderutilized", consolidateAfter: "30s", budgets };
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: { name: POOL },
    spec: { template, disruption },
  } as KubeObject;
}
