import "reflect-metadata";
import { ConfigMaps, CUSTOM_RESOURCES, Namespaces } from "@karpenter-multicloud/core/api";
import { ProviderFactory } from "@karpenter-multicloud/core/controllers";
import { defaultSettings } from "@karpenter-multicloud/core/options";
import { kindOfMachine, MachineNotFound, type CloudProvider } from "@karpenter-multicloud/core/provider";
import { silentMetrics } from "@karpenter-multicloud/core/telemetry";
import {
  anInstanceType,
  aNodePool,
  FakeClock,
  InMemoryKube,
  MemoryLogger,
  TEST_CLASS,
} from "@karpenter-multicloud/core/testing";
import { allocatableFrom, minutes } from "@karpenter-multicloud/core/units";
import { ContainerModule } from "inversify";
import { afterEach, describe, expect, it } from "vitest";
import { createContainer } from "./container.ts";
import { Token } from "./tokens.ts";

const PLACE = { namespace: "karpenter", name: "karpenter-learned-fake" };
const SEEN = allocatableFrom({ cpu: "4", memory: "10Gi", pods: "110", "ephemeral-storage": "100Gi" });
let stop = new AbortController();
afterEach(() => {
  stop.abort(new Error("the test is over"));
  stop = new AbortController();
});

/** Sells one type, and has no machine. */
const provider: CloudProvider = {
  name: "fake",
  create: () => Promise.reject(new Error("nothing is sold here")),
  delete: () => Promise.reject(new MachineNotFound("there is no machine")),
  get: () => Promise.reject(new MachineNotFound("there is no machine")),
  list: () => Promise.resolve([]),
  getInstanceTypes: () => Promise.resolve({ version: "1", items: [anInstanceType()] }),
  isDrifted: () => Promise.resolve(""),
  repairPolicies: () => [],
  supportedNodeClasses: () => [{ group: TEST_CLASS.group, kind: TEST_CLASS.kind }],
  settings: () => ({}),
};

function world() {
  const clock = new FakeClock();
  const kube = new InMemoryKube({ now: () => clock.now(), customResources: CUSTOM_RESOURCES });
  const factory: ProviderFactory = {
    name: "fake",
    customResources: [],
    build: () => ({ provider, controllers: [] }),
  };
  const module = new ContainerModule(({ bind }) => {
    bind<ProviderFactory>(ProviderFactory).toConstantValue(factory);
  });
  const container = createContainer(
    {
      client: kube,
      clock,
      logger: new MemoryLogger(),
      metrics: silentMetrics,
      settings: defaultSettings({ clusterName: "test" }),
      env: {},
      random: () => 0.5,
      learnedPlace: PLACE,
    },
    module,
  );
  return { clock, kube, container };
}

describe("the container", () => {
  it("O-19: lets every controller see the cloud with what its machines turned out to be", async () => {
    const { container } = world();
    const promised = await provider.getInstanceTypes(aNodePool(), stop);
    container
      .get(Token.Learned)
      .observe(kindOfMachine(TEST_CLASS, "m.4"), "v1.34.1", { capacity: SEEN, allocatable: SEEN });
    const { items } = await container.get(Token.ControllerDeps).provider.getInstanceTypes(aNodePool(), stop);
    expect(promised.items[0]?.capacity["memory"]).toBe(16 * 1024 ** 3);
    expect(items[0]?.capacity["memory"]).toBe(10 * 1024 ** 3);
  });

  it("keeps what is learned in the ConfigMap that it is told", async () => {
    const { clock, kube, container } = world();
    await kube.create(Namespaces, { metadata: { name: PLACE.namespace } });
    container.get(Token.KubeCache).start(stop.signal);
    const ended = container.get(Token.Manager).start(stop.signal);
    await clock.advance(minutes(1));
    container
      .get(Token.Learned)
      .observe(kindOfMachine(TEST_CLASS, "m.4"), "v1.34.1", { capacity: SEEN, allocatable: SEEN });
    await clock.advance(minutes(5));
    const { data } = await kube.get(ConfigMaps, PLACE);
    expect(data?.["machines.json"]).toContain('"instanceType":"m.4"');
    stop.abort(new Error("the test is over"));
    await Promise.all([ended, clock.advance(minutes(1))]);
  });
});
