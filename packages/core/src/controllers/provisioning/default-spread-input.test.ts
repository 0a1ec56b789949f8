import { afterEach, describe, expect, it } from "vitest";
import { Label, Namespaces, NodeClaims, NodePools, ReplicaSets, Services, type Resource } from "../../api/index.ts";
import type { KubeCache } from "../../kube/index.ts";
import { defaultSettings } from "../../options/index.ts";
import { anInstanceType, aNodePool, anOffering, aPod, type PodOptions } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { provisioningController } from "./controller.ts";
import { watchDefaultSpread } from "./default-spread-input.ts";

const perZone = { maxSkew: 1, topologyKey: Label.Zone, whenUnsatisfiable: "DoNotSchedule" } as const;
const zones = ["z1", "z2", "z3"];
const types = [anInstanceType({ name: "m.4", offerings: zones.map((zone) => anOffering({ zone })) })];

let harness: ControllerHarness;
afterEach(() => harness?.stop());

async function zonesAfterARound(defaults: readonly (typeof perZone)[], pods: readonly PodOptions[]) {
  harness = new ControllerHarness({ types, settings: { schedulerConfig: { defaultConstraints: defaults } } });
  await harness.put(NodePools, aNodePool());
  await harness.put(Services, { metadata: { name: "web", namespace: "default" }, spec: { selector: { app: "web" } } });
  const template = { metadata: { labels: { app: "db" } }, spec: { containers: [{ name: "main", image: "db:1" }] } };
  await harness.put(ReplicaSets, {
    metadata: { name: "db", namespace: "default" },
    spec: { replicas: 3, selector: { matchLabels: { app: "db" } }, template },
  });
  await harness.start(provisioningController(harness.deps));
  for (const [index, pod] of pods.entries()) await harness.putPod(aPod({ name: `p${index}`, ...pod }));
  await harness.pass(1500);
  const claims = (await harness.kube.list(NodeClaims)).items;
  return claims
    .flatMap(({ spec }) => spec.requirements.filter(({ key }) => key === Label.Zone).flatMap(({ values }) => values))
    .toSorted();
}

const three = (pod: PodOptions): readonly PodOptions[] => [pod, pod, pod];
const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "db", controller: true };

describe("default spread constraints of the cluster", () => {
  it("T-78, S-427: pods that a Service selects are spread", async () => {
    expect(await zonesAfterARound([perZone], three({ labels: { app: "web" } }))).toEqual(zones);
  });

  it("T-78, S-427: pods of a ReplicaSet are spread", async () => {
    expect(await zonesAfterARound([perZone], three({ labels: { app: "db" }, owner }))).toEqual(zones);
  });

  it("S-427: without defaults nothing is spread that does not ask for it", async () => {
    expect(await zonesAfterARound([], three({ labels: { app: "web" } }))).toEqual([]);
  });

  it("S-427: without defaults nobody watches Services and the controllers of pods", () => {
    const watched: string[] = [];
    const informer = ({ plural }: Resource) => watched.push(plural);
    const cache = { informer } as unknown as KubeCache;
    const settings = defaultSettings({ clusterName: "test" });
    watchDefaultSpread(cache, settings);
    expect(watched).toEqual([]);
    watchDefaultSpread(cache, { ...settings, schedulerConfig: { defaultConstraints: [perZone] } });
    expect(watched).toEqual(["services", "replicationcontrollers", "replicasets", "statefulsets"]);
  });
});

describe("namespaces", () => {
  it("S-404: pods that avoid a namespace by its labels mind only the pods there", async () => {
    const term = {
      topologyKey: Label.Hostname,
      labelSelector: {},
      namespaceSelector: { matchLabels: { team: "loud" } },
    };
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    const claimsBeside = async (team: string): Promise<number> => {
      harness = new ControllerHarness({ types });
      await harness.put(NodePools, aNodePool());
      await harness.put(Namespaces, { metadata: { name: "other", labels: { team } } });
      await harness.start(provisioningController(harness.deps));
      await harness.putPod(aPod({ name: "shy", spec: { affinity } }));
      await harness.putPod(aPod({ name: "neighbour", namespace: "other" }));
      await harness.pass(1500);
      const { length } = (await harness.kube.list(NodeClaims)).items;
      harness.stop();
      return length;
    };
    expect([await claimsBeside("loud"), await claimsBeside("quiet")]).toEqual([2, 1]);
  });
});
