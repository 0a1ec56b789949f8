import {
  CapacityBuffers,
  CUSTOM_RESOURCES,
  NodeClaims,
  NodeOverlays,
  NodePools,
  Pods,
} from "@karpenter-multicloud/core/api";
import { KubeError } from "@karpenter-multicloud/core/kube";
import { FakeClock, InMemoryKube, MemoryLogger } from "@karpenter-multicloud/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiProbe } from "./api-probe.ts";

describe("the probe of the API server", () => {
  let clock: FakeClock;
  let kube: InMemoryKube;
  let logger: MemoryLogger;
  let probe: ApiProbe;
  let stop: AbortController;
  let isWell: boolean;

  beforeEach(() => {
    clock = new FakeClock();
    kube = new InMemoryKube({ now: () => clock.now(), customResources: [] });
    logger = new MemoryLogger();
    stop = new AbortController();
    isWell = false;
    probe = new ApiProbe({ client: kube, clock, logger, resources: [Pods, NodePools, NodeClaims] });
  });
  afterEach(() => stop.abort());

  async function started(): Promise<void> {
    void probe.run(stop.signal);
    void probe.wellOnce(stop.signal).then(
      () => (isWell = true),
      () => undefined,
    );
    await clock.settle();
  }

  it("says nothing good before it has looked", () => {
    expect([probe.crds(), probe.access()]).toEqual(Array(2).fill("the api server has not answered yet"));
  });

  it("OP-6, RT-13: names missing definitions and how to install them, and goes on when they are there", async () => {
    await started();
    expect(probe.crds()).toBe("missing: nodeclaims.karpenter.sh, nodepools.karpenter.sh");
    expect(probe.access()).toBeUndefined();
    expect(logger.lines).toEqual([
      {
        level: "error",
        message: "custom resource definitions are missing, waiting for them",
        fields: {
          missing: ["nodeclaims.karpenter.sh", "nodepools.karpenter.sh"],
          install:
            "kubectl apply --server-side -f charts/crds/nodeclaims.karpenter.sh.yaml -f charts/crds/nodepools.karpenter.sh.yaml",
        },
      },
    ]);
    for (const definition of CUSTOM_RESOURCES) kube.define(definition);
    await clock.advance(6_000);
    expect([probe.crds(), isWell]).toEqual([undefined, true]);
  });

  it("RT-13: misses no definition that a cluster need not have, but names one it may not list", async () => {
    for (const definition of CUSTOM_RESOURCES) kube.define(definition);
    kube.undefine(NodeOverlays);
    probe = new ApiProbe({ client: kube, clock, logger, resources: [Pods, NodeOverlays] });
    await started();
    expect([probe.crds(), probe.access(), isWell]).toEqual([undefined, undefined, true]);
    kube.faults = ({ resource }) => {
      if (resource.plural === "nodeoverlays") throw new KubeError(403, "Forbidden", "nodeoverlays is forbidden");
    };
    await clock.advance(31_000);
    expect(probe.access()).toBe("nodeoverlays refused");
  });

  it("TC-64, RT-13: a feature whose definition is not installed is told once, with the way to install it, and nobody waits", async () => {
    for (const definition of CUSTOM_RESOURCES) kube.define(definition);
    kube.undefine(CapacityBuffers);
    probe = new ApiProbe({ client: kube, clock, logger, resources: [Pods, NodePools, CapacityBuffers] });
    await started();
    await clock.advance(300_000);
    expect([isWell, logger.messages("error")]).toEqual([true, []]);
    expect(logger.messages("warn")).toEqual([
      "there are no CapacityBuffer objects until their definition is installed",
    ]);
    expect(logger.find("there are no CapacityBuffer objects until their definition is installed")?.fields).toEqual({
      definition: "capacitybuffers.autoscaling.x-k8s.io",
      install: "kubectl apply --server-side -f charts/crds/capacitybuffers.autoscaling.x-k8s.io.yaml",
    });
  });

  it("repeats a complaint once a minute, and tells a new one at once", async () => {
    await started();
    await clock.advance(55_000);
    expect(logger.lines).toHaveLength(1);
    await clock.advance(10_000);
    expect(logger.lines).toHaveLength(2);
    const [first] = CUSTOM_RESOURCES;
    if (first) kube.define(first);
    await clock.advance(6_000);
    expect(logger.lines).toHaveLength(3);
  });

  it("RT-14: names what it may not list", async () => {
    for (const definition of CUSTOM_RESOURCES) kube.define(definition);
    kube.faults = ({ resource }) => {
      if (resource.plural === "pods") throw new KubeError(403, "Forbidden", "pods is forbidden");
    };
    await started();
    expect([probe.crds(), probe.access(), isWell]).toEqual([undefined, "pods refused", false]);
    expect(logger.lines[0]?.message).toBe("may not list these resources, trying again");
    expect(logger.lines[0]?.fields["resources"]).toEqual(["pods"]);
    kube.faults = undefined;
    await clock.advance(6_000);
    expect([probe.access(), isWell]).toEqual([undefined, true]);
  });

  it("waits for a server that does not answer", async () => {
    kube.faults = () => {
      throw new KubeError(0, "Unknown", "connect ECONNREFUSED");
    };
    await started();
    expect(probe.access()).toBe("pods unreachable; nodepools unreachable; nodeclaims unreachable");
    expect(logger.lines[0]?.message).toBe("the api server cannot be asked, trying again");
  });
});
