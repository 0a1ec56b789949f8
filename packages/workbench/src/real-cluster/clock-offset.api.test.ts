// A machine whose clock runs 16 minutes ahead of a real API server: what is new there must not look old here (RT-40).

import {
  CUSTOM_RESOURCES,
  getCondition,
  NodeClaims,
  Nodes,
  toCustomResourceDefinition,
} from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { ProviderFactory } from "@karpenter-multicloud/core/controllers";
import type { KubeClient } from "@karpenter-multicloud/core/kube";
import { isNotFound } from "@karpenter-multicloud/core/kube";
import { createKubeClient, ServerTime } from "@karpenter-multicloud/core/kube/adapter";
import { defaultSettings } from "@karpenter-multicloud/core/options";
import { SystemClock } from "@karpenter-multicloud/core/runtime";
import { silentLogger, silentMetrics } from "@karpenter-multicloud/core/telemetry";
import { MemoryLogger, type MachineHooks } from "@karpenter-multicloud/core/testing";
import { minutes, seconds } from "@karpenter-multicloud/core/units";
import {
  KwokNodeClasses,
  SIMULATED_CUSTOM_RESOURCES,
  SimulatedCloud,
  simulatedProviderFactory,
  type KwokNodeClass,
} from "@karpenter-multicloud/simulator";
import { prepareControlPlane, startControlPlane, type ControlPlane } from "@karpenter-multicloud/testkit/control-plane";
import { ContainerModule } from "inversify";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { beginLife, type ControllerLife } from "../demo/controller-life.ts";
import { LIMIT_MS } from "./patience.ts";

const AHEAD = minutes(16);
const GIVEN_UP = "giving up nodeclaim";
const NODE_CLASS: KwokNodeClass = {
  apiVersion: "karpenter.kwok.sh/v1alpha1",
  kind: "KWOKNodeClass",
  metadata: { name: "default" },
  spec: { nodeRegistrationDelay: "0s" },
};
const NOTHING_JOINS: MachineHooks = {
  nodeJoins: async () => {},
  nodeReady: async () => {},
  nodeNotReady: async () => {},
  nodeLeaves: async () => {},
  nodeExists: async () => false,
};
const isThere = await prepareControlPlane("a wrong clock beside a real API server");

describe.runIf(isThere)("a machine whose clock is 16 minutes ahead of the API server's", { timeout: LIMIT_MS }, () => {
  let plane: ControlPlane;
  let kube: KubeClient;
  let life: ControllerLife | undefined;

  beforeAll(async () => {
    const crds = [...CUSTOM_RESOURCES, ...SIMULATED_CUSTOM_RESOURCES].map(toCustomResourceDefinition);
    plane = await startControlPlane({ crds });
    kube = createKubeClient({ kubeconfig: plane.kubeconfigPath, clock: new SystemClock(), logger: silentLogger });
    await kube.create(KwokNodeClasses, NODE_CLASS);
  }, LIMIT_MS);
  afterEach(() => life?.stop(), LIMIT_MS);
  afterAll(() => plane.stop(), LIMIT_MS);

  /** The controllers on that machine, and a claim that somebody makes meanwhile; no Node ever joins. */
  async function claimOn(name: string, looksAtTheServersClock: boolean): Promise<MemoryLogger> {
    const monotonic = (): number => performance.now();
    const clock = new SystemClock({ wall: () => performance.timeOrigin + monotonic() + AHEAD, monotonic });
    const logger = new MemoryLogger();
    const serverTime = new ServerTime({ clock, logger, metrics: silentMetrics });
    const options = { kubeconfig: plane.kubeconfigPath, clock, logger };
    const client = createKubeClient({ ...options, ...(looksAtTheServersClock && { serverTime }) });
    // As the process does before it leads; on a busy machine the first answers may contradict each other.
    const knows = (): boolean => !looksAtTheServersClock || clock.wallIsAheadBy() !== undefined;
    for (let i = 0; i < 3 || !knows(); i++) await client.list(Nodes);
    const cloud = new SimulatedCloud({ clock, machines: NOTHING_JOINS, seed: 1 });
    const module = new ContainerModule(({ bind }) => {
      bind(ProviderFactory).toConstantValue(simulatedProviderFactory(cloud));
    });
    const settings = defaultSettings({ clusterName: "test" });
    const ports = { client, clock, logger, metrics: silentMetrics, settings, env: {}, random: () => 0.5 };
    life = beginLife(ports, module);
    await kube.create(NodeClaims, newClaim(name));
    return logger;
  }

  it("RT-40: keeps a new claim, and says that its clock is wrong", async () => {
    const logger = await claimOn("kept", true);
    await expect
      .poll(async () => getCondition(await kube.get(NodeClaims, { name: "kept" }), "Launched")?.status)
      .toBe("True");
    await new SystemClock().sleep(seconds(3));
    expect((await kube.get(NodeClaims, { name: "kept" })).metadata.deletionTimestamp).toBeUndefined();
    expect(logger.find(GIVEN_UP)).toBeUndefined();
    expect(logger.messages("warn")).toContain("this machine's clock differs from the api server's, whose time is used");
  });

  it("would give it up at once if it went by its own clock", async () => {
    const logger = await claimOn("lost", false);
    await expect.poll(() => logger.find(GIVEN_UP)?.fields["reason"]).toMatch(/_timeout$/);
    await expect.poll(() => kube.get(NodeClaims, { name: "lost" }).then(() => "there", isNotFound)).toBe(true);
  });
});

function newClaim(name: string): NodeClaim {
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodeClaim",
    metadata: { name },
    spec: {
      nodeClassRef: { group: "karpenter.kwok.sh", kind: "KWOKNodeClass", name: "default" },
      requirements: [{ key: "kubernetes.io/os", operator: "In", values: ["linux"] }],
      resources: { requests: { cpu: "1" } },
    },
  };
}
