// Pods go where their volumes can be reached (S-237, S-238).
// Scenarios of docs/reference/upstream-parity.md: E-226.

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import {
  aNodeInput,
  aPod,
  aProblem,
  aStorage,
  aStorageClass,
  aVolumeClaim,
  boundClaim,
  CSI_DRIVER,
  FIXTURE_LABELS,
  FIXTURE_ZONES,
  fixturePool,
  mounting,
  pods,
  storageOf,
} from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { spreadOver } from "../../testing/pod-wishes.ts";
import { companies, joined, refusals, typeNames, waiting, zonesOf } from "../../testing/read-solution.ts";
import type { ProblemInput, Solution, StorageInput } from "../index.ts";

const [ZONE_1, ZONE_2, ZONE_3] = FIXTURE_ZONES;
const { Special } = FIXTURE_LABELS;

const withData = (storage: StorageInput, more: Parameters<typeof aPod>[0] = {}): Partial<ProblemInput> => ({
  pods: [aPod({ ...more, spec: { ...more.spec, ...mounting("data") } })],
  storage,
});

const term = (...expressions: readonly (readonly [key: string, operator: string, ...values: string[]])[]) => ({
  matchExpressions: expressions.map(([key, operator, ...values]) => ({ key, operator, values })),
});

const zoned = (zone: string | undefined, more: Parameters<typeof aNodeInput>[0] = {}) =>
  aNodeInput({ ...more, labels: { ...(zone && { [Label.Zone]: zone }), ...more.labels } });

describe.each(PARITY_ENGINES)("pods with volumes ($name)", (engine) => {
  const solve = (changes: Partial<ProblemInput>): Solution => {
    const problem = aProblem(changes);
    return expectValid(problem, engine.solve(problem));
  };
  const reasonOf = (solution: Solution): string | undefined => solution.failures[0]?.nodePools[0]?.detail;

  it("a bound volume decides the zone of a new node", () => {
    expect(zonesOf(solve(withData(boundClaim("data", { zones: [ZONE_2] }))))).toEqual([[ZONE_2]]);
  });

  it("S-308: a bound volume decides which existing node will do", () => {
    const nodes = [zoned(ZONE_1, { name: "a" }), zoned(ZONE_2, { name: "b" }), zoned(undefined, { name: "c" })];
    expect(joined(solve({ ...withData(boundClaim("data", { zones: [ZONE_2] })), nodes }))).toEqual([["b", 1]]);
  });

  it("S-113: an existing node without a zone is not in the volume's zone", () => {
    const plan = solve({
      ...withData(boundClaim("data", { zones: [ZONE_2] })),
      nodes: [zoned(undefined)],
      nodePools: [],
    });
    expect(plan.failures[0]?.existing).toMatchObject({ byReason: { VolumeTopology: 1 } });
  });

  it("pods that share a planned node narrow it to a zone that reaches the volumes of both", () => {
    const plan = solve({
      pods: [aPod({ name: "a", spec: mounting("one") }), aPod({ name: "b", spec: mounting("two") })],
      storage: storageOf(
        boundClaim("one", { zones: [ZONE_1, ZONE_2] }),
        boundClaim("two", { zones: [ZONE_2, ZONE_3] }),
      ),
    });
    // The first of the alternatives that passes is taken: zone 1 for one, zone 2 for the other.
    expect(companies(plan)).toEqual([["a"], ["b"]]);
    expect(zonesOf(plan)).toEqual([[ZONE_1], [ZONE_2]]);
  });

  it("a zone that one claim settles is kept by the next pod whose volume allows it", () => {
    const plan = solve({
      pods: [aPod({ name: "a", spec: mounting("one") }), aPod({ name: "b", spec: mounting("two") })],
      storage: storageOf(boundClaim("one", { zones: [ZONE_2] }), boundClaim("two", { zones: [ZONE_1, ZONE_2] })),
    });
    expect(companies(plan)).toEqual([["a", "b"]]);
    expect(zonesOf(plan)).toEqual([[ZONE_2]]);
  });

  it("T-128: of the topologies of a storage class, the one that goes with the pod's own zone is taken", () => {
    const storageClass = aStorageClass({
      topologies: [
        [Label.Zone, ZONE_1, ZONE_2],
        [Label.Zone, ZONE_3],
      ],
    });
    const storage = aStorage({
      persistentVolumeClaims: [aVolumeClaim({ storageClassName: "late" })],
      storageClasses: [storageClass],
    });
    expect(zonesOf(solve(withData(storage, { nodeSelector: { [Label.Zone]: ZONE_3 } })))).toEqual([[ZONE_3]]);
    expect(zonesOf(solve(withData(storage)))).toEqual([[ZONE_1, ZONE_2]]);
  });

  it("T-129: two volumes are reached together by the pair of alternatives that intersects and is sold", () => {
    const storage = storageOf(
      boundClaim("one", { terms: [term([Special, "In", "required"]), term([Special, "In", "optional"])] }),
      boundClaim("two", {
        terms: [
          term([Label.Zone, "In", ZONE_1], [Special, "In", "optional"]),
          term([Label.Zone, "In", ZONE_2], [Special, "In", "required"]),
        ],
      }),
    );
    const plan = solve({ pods: [aPod({ spec: mounting("one", "two") })], storage });
    expect(zonesOf(plan)).toEqual([[ZONE_1]]);
    expect(plan.newClaims.map(({ requirements }) => [...requirements.get(Special).values])).toEqual([["optional"]]);
    expect(plan.newClaims.map(typeNames)).toEqual([["arm"]]);
  });

  it("T-130: the host on whose disk a volume lies is left behind; that of any other volume is not", () => {
    const onHost = [term([Label.Hostname, "In", "gone"])];
    for (const spec of [{ local: { path: "/data" } }, { hostPath: { path: "/data" } }]) {
      expect(waiting(solve(withData(boundClaim("data", { terms: onHost, spec }))))).toEqual([]);
    }
    const kept = solve(withData(boundClaim("data", { terms: onHost })));
    expect(refusals(kept)).toEqual(["VolumeTopology"]);
    expect(reasonOf(kept)).toBe(
      "volume default/data is only where kubernetes.io/hostname In [gone], NodePool does not define kubernetes.io/hostname",
    );
  });

  it("T-130: besides the host, what else a local volume asks for counts", () => {
    const terms = [term([Label.Hostname, "In", "gone"], [Label.Zone, "In", ZONE_3])];
    expect(zonesOf(solve(withData(boundClaim("data", { terms, spec: { local: {} } }))))).toEqual([[ZONE_3]]);
  });

  it("T-132: the zone of a volume is never given up, whatever the pod gives up", () => {
    const preferred = (zone: string) => ({
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: term([Label.Zone, "In", zone]) }],
      },
    });
    const wishes = { spec: { affinity: preferred(ZONE_1) } };
    expect(zonesOf(solve(withData(boundClaim("data", { zones: [ZONE_2] }), wishes)))).toEqual([[ZONE_2]]);
    const nowhere = solve({
      ...withData(boundClaim("data", { zones: ["elsewhere"] }), wishes),
      nodes: [zoned(ZONE_1)],
    });
    expect(refusals(nowhere)).toEqual(["VolumeTopology"]);
    expect(nowhere.failures[0]?.relaxed).toHaveLength(1);
  });

  it("T-77: the zone of a volume does not change what a spread counts", () => {
    const spec = spreadOver("web", Label.Zone, { minDomains: 3 });
    const nodes = FIXTURE_ZONES.map((zone, index) =>
      zoned(zone, {
        name: `n${index}`,
        capacity: { pods: "1" },
        pods: [aPod({ name: `there-${index}`, nodeName: `n${index}`, labels: { app: "web" } })],
      }),
    );
    const plan = solve({
      ...withData(boundClaim("data", { zones: [ZONE_1] }), { labels: { app: "web" }, spec }),
      nodes,
    });
    expect(zonesOf(plan)).toEqual([[ZONE_1]]);
    // A second one would make it 3, 1, 1.
    const more = pods(2, { labels: { app: "web" }, spec: { ...spec, ...mounting("data") } });
    const storage = boundClaim("data", { zones: [ZONE_1] });
    expect(waiting(solve({ pods: more, storage, nodes }))).toEqual(["web-1"]);
  });

  it("S-238: later alternatives are tried where a spread refuses the first", () => {
    const spec = spreadOver("web", Label.Zone);
    const there = zoned(ZONE_1, {
      capacity: { pods: "1" },
      pods: [aPod({ name: "there", nodeName: "n1", labels: { app: "web" } })],
    });
    const storage = boundClaim("data", { zones: [ZONE_1, ZONE_3] });
    expect(zonesOf(solve({ ...withData(storage, { labels: { app: "web" }, spec }), nodes: [there] }))).toEqual([
      [ZONE_3],
    ]);
  });

  it("S-114a: a label that only an earlier pod mentioned does not reach a volume", () => {
    const notGold = aPod({ name: "a", requests: { cpu: "1" }, requiredTerms: [[["disk", "NotIn", "gold"]]] });
    const storage = boundClaim("data", { terms: [term(["disk", "In", "silver"])] });
    const plan = solve({ pods: [notGold, aPod({ name: "b", spec: mounting("data") })], storage });
    expect(waiting(plan)).toEqual(["b"]);
    const labelled = fixturePool({ labels: { disk: "silver" } });
    expect(waiting(solve({ pods: [aPod({ spec: mounting("data") })], storage, nodePools: [labelled] }))).toEqual([]);
  });

  it("what the pod chose of the NodePool's own labels must suit its volume too", () => {
    const nodePools = [fixturePool({ requirements: [{ key: "disk", operator: "In", values: ["gold", "silver"] }] })];
    const storage = boundClaim("data", { terms: [term(["disk", "In", "gold"])] });
    const ask = (disk: string) => refusals(solve({ ...withData(storage, { nodeSelector: { disk } }), nodePools }));
    expect([ask("gold"), ask("silver")]).toEqual([[], ["VolumeTopology"]]);
  });

  it("S-620: a node in another zone is nearer than one with a taint, and one that is full of volumes nearer still", () => {
    const taints = [{ key: "closed", effect: "NoSchedule" }] as const;
    const tainted = zoned(ZONE_2, { name: "tainted", taints });
    const elsewhere = zoned(ZONE_1, { name: "elsewhere" });
    const full = { ...zoned(ZONE_2, { name: "full" }), volumeLimits: { [CSI_DRIVER]: 0 } };
    const ask = (...nodes: readonly (typeof full | typeof tainted)[]) =>
      solve({ ...withData(boundClaim("data", { zones: [ZONE_2] })), nodes, nodePools: [] }).failures[0]?.existing
        .closest;
    expect(ask(tainted, elsewhere)).toMatchObject({ name: "elsewhere", failed: "VolumeTopology" });
    expect(ask(tainted, elsewhere, full)).toMatchObject({ name: "full", failed: "VolumeLimit" });
  });

  it("S-120: older spellings of keys and the provider's own names are understood", () => {
    const beta = "failure-domain.beta.kubernetes.io/zone";
    expect(zonesOf(solve(withData(boundClaim("data", { terms: [term([beta, "In", ZONE_2])] }))))).toEqual([[ZONE_2]]);
    const own = "topology.csi.example.com/zone";
    const normalization = { keys: { [own]: Label.Zone }, values: { [Label.Zone]: { nova: ZONE_3 } } };
    const storage = boundClaim("data", { terms: [term([own, "In", "nova"])] });
    expect(zonesOf(solve({ ...withData(storage), normalization }))).toEqual([[ZONE_3]]);
  });

  it("S-237: volumes that no node reaches together are told as such, and lead to no node without a zone", () => {
    const storage = storageOf(boundClaim("one", { zones: [ZONE_1] }), boundClaim("two", { zones: [ZONE_2] }));
    const plan = solve({ pods: [aPod({ spec: mounting("one", "two") })], storage, nodes: [zoned(undefined)] });
    expect(refusals(plan)).toEqual(["VolumeTopology"]);
    expect(plan.failures[0]?.summary).toBe(
      `volume default/one is in zone ${ZONE_1}, volume default/two is in zone ${ZONE_2}: no node reaches both; move one of them`,
    );
  });

  it("S-620: says which volume is where, and what the NodePool allows", () => {
    const storage = boundClaim("data", { zones: [ZONE_1] });
    const requirements = [{ key: Label.Zone, operator: "In", values: [ZONE_2] } as const];
    const plan = solve({ ...withData(storage), nodePools: [fixturePool({ requirements })] });
    const [explanation] = plan.failures[0]?.nodePools ?? [];
    expect(explanation).toMatchObject({
      reason: "VolumeTopology",
      detail: `volume default/data is in zone ${ZONE_1}, NodePool allows ${ZONE_2}`,
      key: Label.Zone,
      wanted: `${Label.Zone} In [${ZONE_1}]`,
      offered: `${Label.Zone} In [${ZONE_2}]`,
    });
    expect(explanation?.funnel).toEqual([
      { stage: "pool", left: 6 },
      { stage: "taints", left: 6 },
      { stage: "requirements", left: 6 },
      { stage: "volumes", left: 0 },
    ]);
    expect(plan.failures[0]?.summary).toContain("allow the volume's place in the NodePool's requirements");
  });

  it("S-621: pods that wait for volumes of the same place are told of their own", () => {
    const spec = { hostPath: { path: "/data" } };
    const storage = storageOf(boundClaim("one", { zones: ["x"], spec }), boundClaim("two", { zones: ["x"], spec }));
    const list = ["one", "two"].map((name) => aPod({ name, spec: mounting(name) }));
    expect(solve({ pods: list, storage }).failures.map(({ summary }) => summary.split(" is ")[0])).toEqual([
      "volume default/one",
      "volume default/two",
    ]);
  });

  it("S-620: says when it is the pod itself that is kept from its volume", () => {
    const storage = boundClaim("data", { zones: [ZONE_1, ZONE_2] });
    expect(reasonOf(solve(withData(storage, { nodeSelector: { [Label.Zone]: ZONE_3 } })))).toBe(
      `volume default/data is in zones ${ZONE_1}, ${ZONE_2}, the pod's nodeSelector or affinity allows ${ZONE_3}`,
    );
  });

  it("S-620: says when nothing is sold where the volume is", () => {
    expect(reasonOf(solve(withData(boundClaim("data", { zones: ["elsewhere"] }))))).toBe(
      "volume default/data is in zone elsewhere, no instance type the pod may use is sold there",
    );
  });

  it("S-620: a later check is told for the place that came furthest", () => {
    const storage = boundClaim("data", { zones: ["elsewhere", ZONE_1] });
    const plan = solve(withData(storage, { requests: { cpu: "64" } }));
    expect(refusals(plan)).toEqual(["InsufficientResources"]);
    expect(plan.failures[0]?.nodePools[0]?.funnel).toContainEqual({ stage: "volumes", left: 6 });
  });

  it("S-306: the order of storage objects changes nothing", () => {
    const storage = storageOf(
      boundClaim("one", { zones: [ZONE_3, ZONE_1] }),
      boundClaim("two", { zones: [ZONE_1, ZONE_3] }),
    );
    const reversed: StorageInput = {
      persistentVolumeClaims: storage.persistentVolumeClaims.toReversed(),
      persistentVolumes: storage.persistentVolumes.toReversed(),
      storageClasses: [],
    };
    const list = [aPod({ spec: mounting("one", "two") })];
    expect(zonesOf(solve({ pods: list, storage: reversed }))).toEqual(zonesOf(solve({ pods: list, storage })));
    expect(zonesOf(solve({ pods: list, storage }))).toEqual([[ZONE_3]]);
  });
});
