// One case of each group of spec/disruption on a real control plane: nodes leave when they should, in the right order, and not when they should not.
// Machines take the time that real ones take and the controller's timers are as fast as they; Kubernetes keeps its own time (KMC_TIME_SCALE).

import {
  Annotation,
  Deployments,
  isConditionTrue,
  Label,
  NodeClaims,
  NodePools,
  Nodes,
  PodDisruptionBudgets,
  VolumeAttachments,
  type KubeObject,
} from "@karpenter-multicloud/core/api";
import { minutes } from "@karpenter-multicloud/core/units";
import { prepareControlPlane } from "@karpenter-multicloud/testkit/control-plane";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { LIMIT_MS } from "../real-cluster/patience.ts";
import { auditOf } from "./audit-log.ts";
import { DisruptionStage, namesOf, TIME_SCALE } from "./disruption-stage.ts";
import { Figures } from "./figures.ts";
import { disruptionBudget, pod } from "./objects.ts";
import { CONTROLLER_USER } from "./rendered-chart.ts";
import { COMPONENTS } from "./stage.ts";

const isThere = await prepareControlPlane("disruption on a real control plane", COMPONENTS, ["helm"]);
const HALF_A_MINUTE = 30;
const FIVE_MINUTES = 300;
const TWELVE_MINUTES = 720;
/** For a roll-out, node by node. */
const ROLL_OUT = minutes(6);

describe.runIf(isThere)("disruption on a real control plane", { timeout: LIMIT_MS }, () => {
  const figures = new Figures("e2e disruption");
  let world: DisruptionStage;

  beforeAll(async () => {
    world = await DisruptionStage.open();
  }, LIMIT_MS);

  // What a failed test leaves behind must not spoil the next.
  afterEach(() => world.clear(), LIMIT_MS);

  afterAll(async () => {
    figures.print();
    await world.close("disruption");
  }, LIMIT_MS);

  const scale = async (name: string, replicas: number): Promise<void> => {
    const body = { spec: { replicas } };
    await world.stage.admin.patch(Deployments, { name, namespace: "default" }, { type: "merge", body });
  };

  it("emptiness (DT-34 ff.): all empty nodes go in one command, not before consolidateAfter, and a used one stays", async () => {
    await world.boots(HALF_A_MINUTE);
    const before = await world.begin({ name: "empty", consolidateAfter: "2m" }, { replicas: 3, cpu: "1500m" });
    expect(before).toHaveLength(3);
    // From before the order: this process may be kept waiting for its answer.
    const since = world.stage.clock.now();
    await scale("empty", 1);
    await world.until(async () => (await world.claims("empty")).length === 1, "two of three nodes are gone");
    const [left = ""] = namesOf(await world.nodes("empty"));
    const [used] = await world.runningPods("empty");
    expect(used?.spec.nodeName).toBe(left);
    const gone = namesOf(before).filter((name) => name !== left);
    for (const node of gone) expect(world.methodsFor(node)).toEqual(["empty consolidation"]);
    expect(world.stage.clock.now() - since).toBeGreaterThan((2 * 60_000) / TIME_SCALE);
    figures.mark("emptiness");
  });

  it("budgets and drift (DT-23 ff., DT-84): nodes: 0 holds a roll-out, nodes: 1 lets it pass one by one, replacement first; machines boot in 5 minutes", async () => {
    await world.boots(FIVE_MINUTES);
    const budgets = [{ nodes: "0", reasons: ["Drifted"] }];
    const before = await world.begin({ name: "roll", budgets }, { replicas: 3, cpu: "1500m" });
    const old = namesOf(await world.claims("roll"));
    await world.newEdition("roll");
    const drifted = async (): Promise<number> =>
      (await world.claims("roll")).filter((claim) => isConditionTrue(claim, "Drifted")).length;
    await world.until(async () => (await drifted()) === 3, "three claims have drifted");
    const pool = await world.stage.admin.get(NodePools, { name: "roll" });
    const held = async (): Promise<boolean> =>
      (await world.events({ ...pool, kind: "NodePool" })).some((text) => text.startsWith("DisruptionBlocked"));
    await world.until(held, "the NodePool says that its budget allows nothing");
    expect(await world.taintedNodes()).toEqual([]);
    await world.patchPool("roll", { disruption: { budgets: [{ nodes: "1" }] } });
    let most = 0;
    const rolled = async (): Promise<boolean> => {
      const claims = await world.claims("roll");
      const leaving = claims.filter((claim) => isConditionTrue(claim, "DisruptionReason"));
      most = Math.max(most, leaving.filter((claim) => !isConditionTrue(claim, "InstanceTerminating")).length);
      const isNew = claims.every(({ metadata }) => metadata.labels?.["example.com/edition"] === "new");
      return isNew && (await world.runningPods("roll")).length === 3;
    };
    await world.until(rolled, "the new edition is everywhere", ROLL_OUT);
    expect(most).toBe(1);
    const claims = await world.claims("roll");
    expect(claims).toHaveLength(3);
    expect(namesOf(before).flatMap((node) => world.methodsFor(node))).toEqual(["drift", "drift", "drift"]);
    expect(world.replacedFirst(old, namesOf(claims))).toBe(true);
    figures.mark("budgets and drift");
  });

  it("multi (DT-62 ff.): three of four nodes become one that is cheaper, when no node alone could go", async () => {
    await world.boots(HALF_A_MINUTE);
    const pool = { name: "multi", consolidationPolicy: "WhenEmptyOrUnderutilized" } as const;
    const before = await world.begin({ ...pool, types: ["b3-16"] }, { replicas: 4, cpu: "2200m" });
    expect(before).toHaveLength(4);
    await world.patchPool("multi", templateOf(["b3-16", "b3-32"]));
    const old = namesOf(await world.claims("multi"));
    await world.until(async () => (await world.claims("multi")).length === 2, "three nodes became one");
    await world.until(async () => (await world.runningPods("multi")).length === 4, "all pods run again");
    const after = await world.nodes("multi");
    const types = after.map(({ metadata }) => metadata.labels?.[Label.InstanceType]);
    expect(types.toSorted()).toEqual(["b3-16", "b3-32"]);
    const gone = namesOf(before).filter((name) => !namesOf(after).includes(name));
    for (const name of gone) expect(world.methodsFor(name)).toEqual(["multi-node consolidation"]);
    const left = namesOf(await world.claims("multi"));
    const [fresh = ""] = left.filter((name) => !old.includes(name));
    const [firstGone = ""] = old.filter((name) => !left.includes(name));
    expect(world.replacedFirst([firstGone], [fresh])).toBe(true);
    figures.mark("multi");
  });

  it("single (DT-63 ff.): a node that is too dear is replaced by a cheaper one, which comes first; a protected one stays", async () => {
    await world.boots(FIVE_MINUTES);
    const pool = { name: "single", consolidationPolicy: "WhenEmptyOrUnderutilized" } as const;
    const [before] = await world.begin({ ...pool, types: ["b3-16"] }, { replicas: 1 });
    const name = before?.metadata.name ?? "";
    const annotations = { [Annotation.DoNotDisrupt]: "true" };
    await world.stage.admin.patch(Nodes, { name }, { type: "merge", body: { metadata: { annotations } } });
    await world.patchPool("single", templateOf(["b3-8", "b3-16"]));
    const blocked = async (): Promise<boolean> =>
      (await world.events({ kind: "Node", metadata: { name } })).some((text) => text.includes("do-not-disrupt"));
    await world.until(blocked, "the node says that it is protected");
    expect(await world.taintedNodes()).toEqual([]);
    const old = namesOf(await world.claims("single"));
    const free = { metadata: { annotations: { [Annotation.DoNotDisrupt]: null } } };
    await world.stage.admin.patch(Nodes, { name }, { type: "merge", body: free });
    const replaced = async (): Promise<boolean> => {
      const claims = await world.claims("single");
      return claims.length === 1 && !old.includes(claims[0]?.metadata.name ?? "");
    };
    await world.until(replaced, "the node has been replaced");
    const [node] = await world.nodes("single");
    expect(node?.metadata.labels?.[Label.InstanceType]).toBe("b3-8");
    expect(world.methodsFor(name)).toEqual(["single-node consolidation"]);
    expect(world.replacedFirst(old, namesOf(await world.claims("single")))).toBe(true);
    figures.mark("single");
  });

  it("expiration (DT-107): a node is taken at its age, not before, also against a budget of 0", async () => {
    await world.boots(HALF_A_MINUTE);
    const template = { expireAfter: "10m" };
    await world.begin({ name: "old", budgets: [{ nodes: "0" }], template }, { replicas: 1 });
    const [old] = await world.claims("old");
    const name = old?.metadata.name ?? "";
    await world.until(() => world.deletionOf(name) !== undefined, "the claim is deleted at its age");
    const gone = world.deletionOf(name)?.object.metadata;
    const age = Date.parse(gone?.deletionTimestamp ?? "") - Date.parse(gone?.creationTimestamp ?? "");
    // Whole seconds of the API server on both sides, each a minute of ours.
    expect(age).toBeGreaterThanOrEqual((10 * 60_000) / TIME_SCALE - 1000);
    figures.mark("expiration");
  });

  it("repair (DT-109): a node that is not Ready for longer than tolerated is replaced by force, a protected pod or not", async () => {
    const [before] = await world.begin({ name: "sick" }, { replicas: 1 });
    const name = before?.metadata.name ?? "";
    await world.stage.apply([pod({ name: "precious", pool: "sick", cpu: "100m", annotations: PROTECTED })]);
    const runs = async (): Promise<boolean> => (await podNamed(world, "precious"))?.status?.phase === "Running";
    await world.until(runs, "the protected pod runs");
    const [old] = await world.claims("sick");
    // Whoever plays the kubelet has to know: it would say again that all is well.
    await world.stage.cloud.sicken(name);
    await world.until(
      async () => !(await world.nodes("sick")).some(({ metadata }) => metadata.name === name),
      "the sick node is gone",
    );
    const claim = world.deletionOf(old?.metadata.name ?? "")?.object;
    expect(claim?.metadata.annotations?.[Annotation.TerminationTimestamp]).toBeDefined();
    expect(await podNamed(world, "precious")).toBeUndefined();
    figures.mark("repair");
  });

  it("termination (DT-112 ff.): a PodDisruptionBudget stops the drain until it gives way, a volume until it is detached", async () => {
    await world.begin({ name: "drain" }, { replicas: 1 });
    const [node] = await world.nodes("drain");
    const name = node?.metadata.name ?? "";
    const { admin } = world.stage;
    await world.stage.apply([disruptionBudget("drain", { maxUnavailable: 0 }), attachment(name)]);
    await world.until(async () => {
      const pdb = await admin.get(PodDisruptionBudgets, { name: "drain", namespace: "default" });
      return Reflect.get(Object(pdb.status), "observedGeneration") !== undefined;
    }, "the budget is in force");
    await admin.delete(Nodes, { name });
    const told = (what: string) => async (): Promise<boolean> =>
      (await world.events({ kind: "Node", metadata: { name } })).some((text) => text.startsWith(what));
    await world.until(told("FailedDraining"), "the node says that its drain is stuck");
    expect(await world.runningPods("drain")).toHaveLength(1);
    expect(await world.taintedNodes()).toEqual([name]);
    await admin.delete(PodDisruptionBudgets, { name: "drain", namespace: "default" });
    await world.until(told("AwaitingVolumeDetachment"), "the node waits for its volume");
    expect(namesOf(await world.nodes("drain"))).toContain(name);
    await admin.delete(VolumeAttachments, { name: "attached" });
    await world.until(async () => !namesOf(await world.nodes("drain")).includes(name), "the node is gone");
    figures.mark("termination");
  });

  it("terminationGracePeriod (DT-123): a protected pod is left alone until the deadline, and then the machine goes", async () => {
    const template = { terminationGracePeriod: "10m" };
    await world.begin({ name: "deadline", template }, { replicas: 1 });
    await world.stage.apply([pod({ name: "guarded", pool: "deadline", cpu: "100m", annotations: PROTECTED })]);
    await world.until(
      async () => (await podNamed(world, "guarded"))?.status?.phase === "Running",
      "the protected pod runs",
    );
    const [claim] = await world.claims("deadline");
    const name = claim?.metadata.name ?? "";
    const since = world.stage.clock.now();
    await world.stage.admin.delete(NodeClaims, { name });
    await world.until(async () => (await podNamed(world, "guarded")) === undefined, "the protected pod is ended");
    // The deadline counts from a time stamp in whole seconds.
    expect(world.stage.clock.now() - since).toBeGreaterThan((9 * 60_000) / TIME_SCALE - 1000);
    await world.until(async () => !namesOf(await world.claims("deadline")).includes(name), "the claim is gone");
    figures.mark("terminationGracePeriod");
  });

  it("garbage collection (DT-108): a claim whose machine vanished goes, and a machine whose claim was torn away goes", async () => {
    const [node] = await world.begin({ name: "lost" }, { replicas: 1 });
    const { cloud, admin } = world.stage;
    const [claim] = await world.claims("lost");
    const machine = (await cloud.state()).machines.find(({ providerID }) => providerID === claim?.status?.providerID);
    await cloud.arm([{ fault: "vanish", match: { pool: machine?.pool ?? "" }, times: 1 }]);
    await world.until(
      async () => !namesOf(await world.claims("lost")).includes(claim?.metadata.name ?? ""),
      "the claim is gone",
    );
    const moved = async (): Promise<boolean> => {
      const [running] = await world.runningPods("lost");
      const [other] = await world.claims("lost");
      return running !== undefined && running.spec.nodeName === other?.status?.nodeName;
    };
    await world.until(moved, "its pod runs elsewhere");
    expect(namesOf(await world.nodes("lost"))).not.toContain(node?.metadata.name);
    const [torn] = await world.claims("lost");
    const key = { name: torn?.metadata.name ?? "" };
    const id = torn?.status?.providerID;
    const machines = async (): Promise<readonly (string | null)[]> =>
      (await cloud.state()).machines.map(({ providerID }) => providerID);
    expect(await machines()).toContain(id);
    await admin.patch(NodeClaims, key, { type: "merge", body: { metadata: { finalizers: null } } });
    await admin.delete(NodeClaims, key);
    await world.until(async () => !(await machines()).includes(id ?? null), "the orphaned machine is given back");
    figures.mark("garbage collection");
  });

  it("restart (DT-104, DX-36): a controller killed in the middle of a roll-out leaves no node marked, and the roll-out ends; machines boot in 12 minutes", async () => {
    await world.boots(TWELVE_MINUTES);
    await world.begin({ name: "crash" }, { replicas: 2, cpu: "1500m" });
    const old = namesOf(await world.claims("crash"));
    await world.newEdition("crash");
    await world.until(async () => (await world.claims("crash")).length > old.length, "a replacement is ordered");
    const { controller } = world.stage;
    await controller.kill();
    await controller.leads();
    const rolled = async (): Promise<boolean> => {
      const claims = await world.claims("crash");
      const isNew = claims.every(({ metadata }) => metadata.labels?.["example.com/edition"] === "new");
      return isNew && (await world.runningPods("crash")).length === 2 && (await world.taintedNodes()).length === 0;
    };
    await world.until(rolled, "the new edition is everywhere and no node is marked", ROLL_OUT);
    expect(world.replacedFirst(old, namesOf(await world.claims("crash")))).toBe(true);
    figures.mark("restart");
  });

  it("leaves no machine and no mark behind, and was refused nothing", async () => {
    await world.until(async () => (await world.stage.leftovers()).length === 0, "nothing is left");
    const { cost } = await world.stage.cloud.state();
    const claims = new Set(
      world.history
        .inOrder()
        .flatMap(({ resource, object }) => (resource === "NodeClaim" ? [object.metadata.uid] : [])),
    );
    expect(cost.machines).toBeLessThanOrEqual(claims.size);
    expect((await world.stage.cloud.invariants()).violations).toEqual([]);
    expect((await auditOf(world.stage.plane.auditLogPath, CONTROLLER_USER)).denied).toEqual([]);
  });
});

const PROTECTED = { [Annotation.DoNotDisrupt]: "true" };

function templateOf(types: readonly string[]) {
  const requirements = [{ key: Label.InstanceType, operator: "In", values: types }];
  return { template: { spec: { requirements } } };
}

async function podNamed({ stage }: DisruptionStage, name: string) {
  return (await stage.pods()).find(({ metadata }) => metadata.name === name);
}

function attachment(nodeName: string): KubeObject {
  const spec = { attacher: "csi.example.com", nodeName, source: { persistentVolumeName: "some-volume" } };
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "VolumeAttachment",
    metadata: { name: "attached" },
    spec,
  } as KubeObject;
}
