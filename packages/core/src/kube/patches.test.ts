import { describe, expect, it } from "vitest";
import { CUSTOM_RESOURCES, NodeClaims, type KubeObject, type NodeClaim } from "../api/index.ts";
import { InMemoryKube } from "../testing/index.ts";
import { isForNamesake } from "./errors.ts";
import { mergePatchBetween, patchObject, patchObjectStatus } from "./patches.ts";

type Loose = KubeObject & Record<string, unknown>;

const base: Loose = {
  metadata: { name: "a", resourceVersion: "7", uid: "u", labels: { x: "1", y: "2" }, finalizers: ["f/1", "f/2"] },
  spec: { list: [1, 2], deep: { a: 1, b: { c: 2 } } },
};

function body(after: Loose): unknown {
  return mergePatchBetween(base, after)?.body;
}

describe("mergePatchBetween", () => {
  it("RT-17: is undefined when nothing differs", () => {
    expect(mergePatchBetween(base, structuredClone(base))).toBeUndefined();
    expect(mergePatchBetween(base, structuredClone(base), { lock: true })).toBeUndefined();
  });

  it("RT-18: removes with null, replaces lists whole and names nothing else", () => {
    const after = {
      metadata: { ...base.metadata, labels: { y: "3" }, finalizers: ["f/2"] },
      spec: { list: [1, 2], deep: { a: 1, b: { c: 2, d: 4 } } },
    };
    expect(body(after)).toEqual({
      metadata: { labels: { x: null, y: "3" }, finalizers: ["f/2"] },
      spec: { deep: { b: { d: 4 } } },
    });
  });

  it("takes undefined for absent, on either side", () => {
    const { labels: _, ...metadata } = base.metadata;
    expect(body({ ...base, metadata: { ...metadata, labels: undefined } } as unknown as Loose)).toEqual({
      metadata: { labels: null },
    });
    expect(body({ ...base, extra: undefined })).toBeUndefined();
  });

  it("sends a new object without what is undefined in it", () => {
    expect(body({ ...base, status: { a: undefined, b: {}, c: { d: undefined, e: 1 } } })).toEqual({
      status: { b: {}, c: { e: 1 } },
    });
  });

  it("never sends what only the server writes", () => {
    expect(
      body({ ...base, metadata: { ...base.metadata, resourceVersion: "9", generation: 4, uid: "other" } }),
    ).toBeUndefined();
  });

  it("RT-15: carries the version it starts from when locked", () => {
    const after: Loose = { ...base, spec: { list: [], deep: { a: 1, b: { c: 2 } } } };
    const patch = mergePatchBetween(base, after, { lock: true });
    expect(patch?.body).toEqual({ metadata: { resourceVersion: "7" }, spec: { list: [] } });
    expect(() => mergePatchBetween({ metadata: {} }, { metadata: { name: "a" } }, { lock: true })).toThrow(
      "resourceVersion",
    );
  });

  it("gives back the after of any two states", () => {
    const after: Loose = { metadata: { name: "a" }, spec: { deep: { b: "text" } }, status: { on: true } };
    expect(body(after)).toEqual({
      metadata: { labels: null, finalizers: null },
      spec: { list: null, deep: { a: null, b: "text" } },
      status: { on: true },
    });
  });
});

describe("patchObject and patchObjectStatus", () => {
  const nodeClassRef = { group: "g.example.com", kind: "K", name: "n" };
  const draft: NodeClaim = { metadata: { name: "c" }, spec: { nodeClassRef, requirements: [] } };

  it("RT-19: write each its own part of one change", async () => {
    const kube = new InMemoryKube({ now: () => 0, customResources: CUSTOM_RESOURCES });
    const before = await kube.create(NodeClaims, draft);
    const after = { ...before, metadata: { ...before.metadata, labels: { a: "1" } }, status: { nodeName: "n1" } };
    const labelled = await patchObject(kube, NodeClaims, { before, after }, { lock: true });
    expect(labelled).toMatchObject({ metadata: { labels: { a: "1" } } });
    expect(labelled.status).toBeUndefined();
    const change = { before: labelled, after: { ...labelled, status: after.status } };
    const stored = await patchObjectStatus(kube, NodeClaims, change, { lock: true });
    expect(stored).toMatchObject({ metadata: { labels: { a: "1" } }, status: { nodeName: "n1" } });
  });

  it("RT-15: reach no namesake without a lock either", async () => {
    const kube = new InMemoryKube({ now: () => 0, customResources: CUSTOM_RESOURCES });
    const before = await kube.create(NodeClaims, draft);
    await kube.delete(NodeClaims, { name: "c" });
    const namesake = await kube.create(NodeClaims, draft);
    const after = { ...before, metadata: { ...before.metadata, labels: { a: "1" } } };
    const missed = await patchObject(kube, NodeClaims, { before, after }).catch((error: unknown) => error);
    expect(isForNamesake(missed)).toBe(true);
    const own = { ...namesake, metadata: { ...namesake.metadata, labels: { a: "1" } } };
    await expect(patchObject(kube, NodeClaims, { before: namesake, after: own })).resolves.toMatchObject({
      metadata: { labels: { a: "1" } },
    });
  });

  it("send nothing when their part does not differ", async () => {
    const kube = new InMemoryKube({ now: () => 0, customResources: CUSTOM_RESOURCES });
    const before = await kube.create(NodeClaims, draft);
    kube.faults = ({ verb }) => {
      throw new Error(`${verb} was sent`);
    };
    const after = { ...before, status: { nodeName: "n1" } };
    await expect(patchObject(kube, NodeClaims, { before, after })).resolves.toBe(before);
    const labelled = { ...before, metadata: { ...before.metadata, labels: { a: "1" } } };
    await expect(patchObjectStatus(kube, NodeClaims, { before, after: labelled })).resolves.toBe(before);
  });
});
