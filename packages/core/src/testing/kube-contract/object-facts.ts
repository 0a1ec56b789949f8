// What the server makes of new objects.

import { expect, it } from "vitest";
import {
  ConfigMaps,
  Events,
  Leases,
  NodeClaims,
  NodePools,
  Nodes,
  PodTemplates,
  Secrets,
  type KubeObject,
  type NodePool,
} from "../../api/index.ts";
import { keyOf } from "../../kube/index.ts";
import { expectRefusal, OTHER_UID, type World } from "./world.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function objectFacts(world: World): void {
  it("answers 404 for an object that is not there", async () => {
    const name = world.name("missing");
    await expectRefusal(world.client.get(NodePools, { name }), {
      code: 404,
      reason: "NotFound",
      message: new RegExp(`^nodepools.karpenter.sh "${name}" not found$`),
    });
    await expectRefusal(world.client.get(Nodes, { name }), {
      code: 404,
      message: new RegExp(`^nodes "${name}" not found$`),
    });
  });

  it("answers 404 for a resource that is not defined", async () => {
    const unknown = {
      group: "absent.example.com",
      version: "v1",
      kind: "Absent",
      plural: "absents",
      namespaced: false,
    };
    await expectRefusal(world.client.list(unknown), { code: 404 });
  });

  it("gives a new object its uid, version and creation time", async () => {
    const pool = await world.pool();
    expect(pool.metadata.uid).toMatch(UUID);
    expect(pool.metadata.resourceVersion).toMatch(/^[1-9][0-9]*$/);
    expect(pool.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    await expect(world.client.get(NodePools, keyOf(pool))).resolves.toEqual(pool);
  });

  it("ignores uid, times and generation that a client sends with a new object", async () => {
    const sent = {
      uid: OTHER_UID,
      creationTimestamp: "2001-01-01T00:00:00Z",
      deletionTimestamp: "2001-01-01T00:00:00Z",
    };
    const claim = await world.claim({ ...sent, generation: 7 });
    expect(claim.metadata.uid).not.toBe(OTHER_UID);
    expect(claim.metadata.creationTimestamp).not.toBe(sent.creationTimestamp);
    expect(claim.metadata.deletionTimestamp).toBeUndefined();
    expect(claim.metadata.generation).toBe(1);
  });

  it("counts generations of custom resources and not of Nodes", async () => {
    expect((await world.pool()).metadata.generation).toBe(1);
    expect((await world.node()).metadata.generation).toBeUndefined();
  });

  it("counts generations of PodTemplates by what stands in the template", async () => {
    const template = await world.create(PodTemplates, {
      metadata: { name: world.name("template"), namespace: world.namespace },
      template: { spec: { containers: [{ name: "app", image: "example.com/app:1" }] } },
    });
    expect(template.metadata.generation).toBe(1);
    const patched = async (body: Readonly<Record<string, unknown>>) =>
      (await world.client.patch(PodTemplates, keyOf(template), { type: "merge", body })).metadata.generation;
    expect(await patched({ metadata: { labels: { team: "a" } } })).toBe(1);
    expect(await patched({ template: { metadata: { labels: { team: "a" } } } })).toBe(2);
  });

  it("refuses a name that is taken", async () => {
    const pool = await world.pool();
    const again = { ...world.aPool(), metadata: { name: pool.metadata.name ?? "" } };
    await expectRefusal(world.client.create(NodePools, again), {
      code: 409,
      reason: "AlreadyExists",
      message: /^nodepools\.karpenter\.sh "pool-.*" already exists$/,
    });
  });

  it("makes a name from generateName", async () => {
    const base = `${world.name("claim")}-`;
    const [one, other] = [
      await world.claim({ generateName: base, name: "" }),
      await world.claim({ generateName: base, name: "" }),
    ];
    const names = [one.metadata.name ?? "", other.metadata.name ?? ""];
    for (const name of names) expect(name.slice(base.length)).toMatch(/^[a-z0-9]{5}$/);
    expect(names[0]).not.toBe(names[1]);
  });

  it("refuses an object without a name", async () => {
    await expectRefusal(world.client.create(Nodes, { metadata: {} }), {
      code: 422,
      reason: "Invalid",
      message: /name or generateName is required/,
    });
  });

  it("refuses a name that is no DNS name", async () => {
    await expectRefusal(world.client.create(Nodes, { metadata: { name: "Not_A_Name" } }), {
      code: 422,
      message: /metadata\.name/,
    });
  });

  it("refuses labels that are no labels", async () => {
    await expectRefusal(world.node({ labels: { "example.com/x": "not a value" } }), {
      code: 422,
      message: /metadata\.labels/,
    });
    await expectRefusal(world.node({ labels: { "not a key": "x" } }), { code: 422, message: /metadata\.labels/ });
  });

  it("answers 404 for a namespace that is not there", async () => {
    const namespace = world.name("nowhere");
    await expectRefusal(world.client.create(ConfigMaps, { metadata: { name: "x", namespace } }), {
      code: 404,
      message: new RegExp(`^namespaces "${namespace}" not found$`),
    });
  });

  it("fills in the defaults of a custom resource", async () => {
    const { spec } = await world.pool();
    expect(spec.template.spec.expireAfter).toBe("720h");
    expect(spec.disruption).toEqual({
      budgets: [{ nodes: "10%" }],
      consolidateAfter: "0s",
      consolidationPolicy: "WhenEmptyOrUnderutilized",
    });
  });

  it("drops fields that a custom resource does not know", async () => {
    const pool = world.aPool();
    const stored = await world.create(NodePools, {
      ...pool,
      spec: { ...pool.spec, surprise: { deep: 1 } },
    } as NodePool);
    expect(stored.spec).not.toHaveProperty("surprise");
  });

  it("refuses a custom resource that breaks its schema, naming the field", async () => {
    const taints = [{ key: "example.com/x", value: "", effect: "NoSchedule" as const }];
    const pool = world.aPool();
    const { template } = pool.spec;
    const spec = { ...pool.spec, template: { spec: { ...template.spec, taints } } };
    await expectRefusal(world.client.create(NodePools, { ...pool, spec }), {
      code: 422,
      reason: "Invalid",
      message: new RegExp(`^NodePool.karpenter.sh "${pool.metadata.name}" is invalid: .*spec.template.spec.taints`),
    });
  });

  it("refuses a custom resource that breaks a rule over several fields", async () => {
    const broken = world.aPool({ replicas: 1, weight: 10 });
    await expectRefusal(world.client.create(NodePools, broken), { code: 422, reason: "Invalid" });
  });

  it("RT-19: drops the status of a new custom resource and keeps that of a new Node", async () => {
    const pool = { ...world.aPool(), status: { nodes: 3 } };
    expect((await world.create(NodePools, pool)).status).toBeUndefined();
    const node = await world.node({}, { status: { capacity: { cpu: "4" } } });
    expect(node.status?.capacity).toEqual({ cpu: "4" });
  });

  it("taints a new Node as not ready", async () => {
    const node = await world.node();
    expect(node.spec?.taints).toEqual([{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }]);
  });

  it("A-15: keeps quantities of custom resources as they were written and canonicalises those of Nodes", async () => {
    const claim = await world.claim({}, { resources: { requests: { cpu: "0.5", memory: "1024Mi" } } });
    expect(claim.spec.resources?.requests).toEqual({ cpu: "0.5", memory: "1024Mi" });
    const node = await world.node({}, { status: { capacity: { cpu: "0.5", memory: "1024Mi" } } });
    expect(node.status?.capacity).toEqual({ cpu: "500m", memory: "1Gi" });
  });

  it("keeps times of Nodes to whole seconds", async () => {
    const at = { lastHeartbeatTime: "2026-01-01T00:00:00.123Z", lastTransitionTime: "2026-01-01T00:00:00Z" };
    const node = await world.node({}, { status: { conditions: [{ type: "Ready", status: "True", ...at }] } as never });
    expect(node.status?.conditions?.[0]).toMatchObject({ lastHeartbeatTime: "2026-01-01T00:00:00Z" });
  });

  it("stores the text data of a Secret in base64", async () => {
    const metadata = { name: world.name("secret"), namespace: world.namespace };
    const secret = await world.create(Secrets, { metadata, stringData: { token: "abc" } });
    expect(secret).toMatchObject({ type: "Opaque", data: { token: "YWJj" } });
    expect(secret.stringData).toBeUndefined();
  });

  it("refuses two controlling owners", async () => {
    const owner = (name: string) => ({ apiVersion: "v1", kind: "Node", name, uid: OTHER_UID, controller: true });
    await expectRefusal(world.claim({ ownerReferences: [owner("a"), owner("b")] }), {
      code: 422,
      message: /ownerReferences/,
    });
  });

  it("UX-3a: takes events about cluster-scoped objects in namespace default only", async () => {
    const event = (namespace: string) => ({
      metadata: { name: world.name("event"), namespace },
      involvedObject: { kind: "Node", name: "some-node" },
      reason: "Tested",
      message: "a fact",
      type: "Normal" as const,
    });
    await expectRefusal(world.client.create(Events, event(world.namespace)), {
      code: 422,
      message: /involvedObject\.namespace/,
    });
    await expect(world.create(Events, event("default"))).resolves.toMatchObject({ reason: "Tested" });
  });

  it("takes events about namespaced objects beside them only", async () => {
    const event = (namespace: string) => ({
      metadata: { name: world.name("event"), namespace },
      involvedObject: { kind: "Pod", name: "some-pod", namespace: world.namespace },
      reason: "Tested",
      message: "a fact",
      type: "Normal" as const,
    });
    await expectRefusal(world.client.create(Events, event("default")), { code: 422 });
    await expect(world.create(Events, event(world.namespace))).resolves.toMatchObject({ reason: "Tested" });
  });

  it("RT-33: takes the times of a Lease with micro-seconds only", async () => {
    const metadata = { name: world.name("lease"), namespace: world.namespace };
    const spec = { holderIdentity: "me", leaseDurationSeconds: 15 };
    const lease = (renewTime: string) => ({ metadata, spec: { ...spec, renewTime } });
    await expectRefusal(world.client.create(Leases, lease("2026-01-01T00:00:00Z")), {
      code: 400,
      reason: "BadRequest",
    });
    const stored = await world.create(Leases, lease("2026-01-01T00:00:00.000001Z"));
    expect(stored.spec?.renewTime).toBe("2026-01-01T00:00:00.000001Z");
  });

  it("refuses a body of another kind", async () => {
    const pool: KubeObject = { ...world.aPool(), kind: "NodeClaim" };
    await expectRefusal(world.client.create(NodeClaims, { ...pool, apiVersion: "karpenter.sh/v9" } as never), {
      code: 400,
    });
  });
}
