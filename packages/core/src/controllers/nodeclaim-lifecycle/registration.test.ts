// Scenarios of docs/reference/upstream-parity.md: E-31.

import { afterEach, describe, expect, it } from "vitest";
import {
  Label,
  NodeClaims,
  Nodes,
  TERMINATION_FINALIZER,
  UNREGISTERED_TAINT,
  type NodeClaim,
} from "../../api/index.ts";
import type { RegistrationHook } from "../../provider/index.ts";
import { aNode, aNodeClaim } from "../../testing/builders/index.ts";
import { CLAIM_KEY, freshClaim, LifecycleHarness, SETTLING } from "../../testing/lifecycle-harness.ts";
import { seconds } from "../../units/index.ts";

let harness: LifecycleHarness;
afterEach(() => harness.stop());

/** A claim that is launched as fake:///1; its Node has not joined. */
async function launched(
  over: { spec?: Partial<NodeClaim["spec"]>; hooks?: readonly RegistrationHook[] } = {},
): Promise<void> {
  harness = await LifecycleHarness.with(freshClaim(over.spec), { settings: SETTLING });
  if (over.hooks) Object.assign(harness.provider, { registrationHooks: () => over.hooks });
  await harness.begin();
}

const registered = async () => await harness.condition("Registered");
const initialized = async () => await harness.condition("Initialized");
const node = async (name = "node-1") => await harness.stored(Nodes, { name });

describe("registration", () => {
  it("LC-22a: a Node that learns its providerID later registers then", async () => {
    await launched();
    await harness.joins({ providerID: "" });
    expect(await registered()).toMatchObject({ status: "Unknown", reason: "NodeNotFound" });
    await harness.kube.patch(Nodes, { name: "node-1" }, { type: "merge", body: { spec: { providerID: "fake:///1" } } });
    await harness.pass(100);
    expect((await registered())?.status).toBe("True");
  });

  it("TC-37, §0.8: two Nodes of one machine are a terminal error until the claim is given up at 15 minutes; neither is touched", async () => {
    harness = new LifecycleHarness({ settings: SETTLING });
    for (const name of ["node-0", "node-1"]) await harness.putNode({ name, nodePool: "", providerID: "fake:///1" });
    await harness.put(NodeClaims, freshClaim());
    await harness.begin(60_000);
    expect(await registered()).toMatchObject({ status: "False", reason: "MultipleNodesFound" });
    await harness.kube.delete(Nodes, { name: "node-0" });
    await harness.pass(60_000);
    expect((await registered())?.status).toBe("False");
    expect((await node())?.metadata.finalizers).toBeUndefined();
    await harness.pass(12 * 60_000 + 58_000);
    expect((await registered())?.status).toBe("False");
    await harness.pass(20_000);
    expect(await harness.stored(NodeClaims, CLAIM_KEY)).toBeUndefined();
    expect(harness.provider.machines.size).toBe(0);
    expect(await node()).toBeDefined();
  });

  it("TC-35, K-5: do-not-sync-taints keeps the claim's taints off the Node, but not the unregistered one on it", async () => {
    await launched({ spec: { taints: [{ key: "dedicated", effect: "NoSchedule" }] } });
    await harness.joins({ labels: { [Label.DoNotSyncTaints]: "true" } });
    expect((await node())?.spec?.taints).toBeUndefined();
    expect((await registered())?.status).toBe("True");
  });

  it.each(["yes", "True", "false", ""])("TC-35, K-5: do-not-sync-taints=%s is no wish", async (value) => {
    await launched({ spec: { taints: [{ key: "dedicated", effect: "NoSchedule" }] } });
    await harness.joins({ labels: { [Label.DoNotSyncTaints]: value } });
    expect((await node())?.spec?.taints).toEqual([{ key: "dedicated", effect: "NoSchedule" }]);
  });

  it("TC-33, LC-25, LC-29: a startup taint that is there with another value is not doubled, and is waited for", async () => {
    await launched({ spec: { startupTaints: [{ key: "x", value: "v1", effect: "NoExecute" }] } });
    await harness.joins({ taints: [UNREGISTERED_TAINT, { key: "x", value: "v2", effect: "NoExecute" }] });
    expect((await node())?.spec?.taints).toEqual([{ key: "x", value: "v2", effect: "NoExecute" }]);
    expect(await initialized()).toMatchObject({
      status: "Unknown",
      reason: "StartupTaintsExist",
      message: 'StartupTaint "x=v2:NoExecute" still exists',
    });
  });

  it("LC-22: what is registered once is not worked on again, whatever somebody does to its Node", async () => {
    await launched({ spec: { taints: [{ key: "dedicated", effect: "NoSchedule" }] } });
    await harness.joins();
    expect((await registered())?.status).toBe("True");
    const body = { metadata: { labels: { [Label.NodePool]: null, team: "b" } }, spec: { taints: null } };
    await harness.kube.patch(Nodes, { name: "node-1" }, { type: "merge", body });
    await harness.pass(60_000);
    expect((await node())?.metadata.labels?.[Label.NodePool]).toBeUndefined();
    expect((await node())?.spec?.taints).toBeUndefined();
    expect((await registered())?.status).toBe("True");
  });

  it("TC-36, LC-25: labels and annotations of the claim win over those the Node came with", async () => {
    await launched();
    const body = { metadata: { labels: { team: "a" }, annotations: { note: "claim" } } };
    await harness.kube.patch(NodeClaims, CLAIM_KEY, { type: "merge", body });
    await harness.joins({ labels: { team: "b", own: "x" }, annotations: { note: "node" } });
    expect((await node())?.metadata.labels).toMatchObject({ team: "a", own: "x" });
    expect((await node())?.metadata.annotations?.["note"]).toBe("claim");
  });

  it("TC-34, LC-28: a startup taint that somebody took away is not put back", async () => {
    await launched({ spec: { startupTaints: [{ key: "cni", effect: "NoExecute" }] } });
    await harness.joins();
    expect((await node())?.spec?.taints?.map(({ key }) => key)).toEqual(["cni"]);
    await harness.kube.patch(Nodes, { name: "node-1" }, { type: "merge", body: { spec: { taints: null } } });
    await harness.pass(1000);
    expect((await node())?.spec?.taints).toBeUndefined();
    expect(
      (await harness.stored(NodeClaims, CLAIM_KEY))?.status?.conditions?.find(({ type }) => type === "Initialized")
        ?.status,
    ).toBe("True");
  });

  it("RT-15: somebody else's change of the Node is not lost", async () => {
    await launched();
    let conflicts = 0;
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "patch" || resource.kind !== "Node" || conflicts++ > 0) return;
      const taints = [UNREGISTERED_TAINT, { key: "theirs", effect: "NoSchedule" }];
      await harness.kube.patch(Nodes, { name: "node-1" }, { type: "merge", body: { spec: { taints } } });
    };
    const joining = aNode({ name: "node-1", nodePool: "", providerID: "fake:///1", taints: [UNREGISTERED_TAINT] });
    await harness.put(Nodes, joining);
    await harness.pass(5000);
    expect((await node())?.spec?.taints?.map(({ key }) => key)).toEqual(["theirs"]);
    expect((await registered())?.status).toBe("True");
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("a Node that is being deleted is not registered", async () => {
    await launched();
    harness.kube.faults = async ({ phase, verb, resource, key }) => {
      if (phase !== "after" || verb !== "create" || resource.kind !== "Node" || key?.name !== "leaving") return;
      harness.kube.faults = undefined;
      const body = { metadata: { finalizers: ["example.com/keep"] } };
      await harness.kube.patch(Nodes, { name: "leaving" }, { type: "merge", body });
      await harness.kube.delete(Nodes, { name: "leaving" });
    };
    await harness.putNode({ name: "leaving", nodePool: "", providerID: "fake:///1" });
    await harness.pass(5000);
    expect(await registered()).toMatchObject({ status: "Unknown", reason: "NodeNotFound" });
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("a Node that goes while it is written is no error", async () => {
    await launched();
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "patch" || resource.kind !== "Node") return;
      harness.kube.faults = undefined;
      await harness.kube.delete(Nodes, { name: "node-1" });
    };
    await harness.put(Nodes, {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "node-1" },
      spec: { providerID: "fake:///1", taints: [UNREGISTERED_TAINT] },
    });
    await harness.pass(5000);
    expect(await node()).toBeUndefined();
    expect(await registered()).toMatchObject({ status: "Unknown", reason: "NodeNotFound" });
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("A-14: a claim without a pool registers like any other", async () => {
    harness = await LifecycleHarness.with({ ...freshClaim(), metadata: CLAIM_KEY }, { settings: SETTLING });
    await harness.begin();
    await harness.joins();
    expect((await registered())?.status).toBe("True");
    expect((await node())?.metadata.labels?.[Label.NodePool]).toBeUndefined();
  });
});

describe("registration hooks", () => {
  /** Pending for the first `rounds` asks. */
  function hook(name: string, rounds: number, asked: string[] = []): RegistrationHook {
    let left = rounds;
    return {
      name,
      registered: async () => {
        asked.push(name);
        return left-- > 0 ? { requeueAfter: seconds(3) } : {};
      },
    };
  }

  it("LC-26: the Node has its finalizer and labels before the first hook is asked, and keeps the taint until all agree", async () => {
    const seen: unknown[] = [];
    const looks: RegistrationHook = {
      name: "looks",
      registered: async () => {
        seen.push((await node())?.metadata.finalizers);
        return {};
      },
    };
    await launched({ hooks: [looks, hook("slow", 2)] });
    await harness.joins();
    expect(seen[0]).toEqual([TERMINATION_FINALIZER]);
    expect(await registered()).toMatchObject({ status: "Unknown", reason: "RegistrationHookPending", message: "slow" });
    expect((await node())?.spec?.taints).toEqual([UNREGISTERED_TAINT]);
    expect((await node())?.metadata.labels?.[Label.Registered]).toBeUndefined();
    await harness.pass(10_000);
    expect((await registered())?.status).toBe("True");
    expect((await node())?.spec?.taints).toBeUndefined();
  });

  it("TC-40, LC-26: the shortest wait counts, all that wait are named, and what a hook writes to the claim is on the Node", async () => {
    const asked = new Set<number>();
    const slow = (name: string, wait: number): RegistrationHook => {
      let since: number | undefined;
      return {
        name,
        registered: async () => {
          const now = harness.clock.now();
          asked.add(now);
          since ??= now;
          if (now - since < 1500) return { requeueAfter: seconds(wait) };
          const body = {
            metadata: {
              labels: { [`hook-${name}`]: "done", team: `of-${name}` },
              annotations: { note: name },
            },
          };
          if (name === "B") await harness.deps.kube.patch(NodeClaims, CLAIM_KEY, { type: "merge", body });
          return {};
        },
      };
    };
    await launched({ hooks: [slow("A", 5), slow("B", 2)] });
    const body = { metadata: { labels: { team: "a" } } };
    await harness.deps.kube.patch(NodeClaims, CLAIM_KEY, { type: "merge", body });
    await harness.joins();
    expect(await registered()).toMatchObject({ reason: "RegistrationHookPending", message: "A, B" });
    expect((await node())?.spec?.taints).toEqual([UNREGISTERED_TAINT]);
    await harness.pass(10_000);
    const [before = 0, last = 0] = [...asked].slice(-2);
    expect(last - before).toBe(2000);
    expect((await registered())?.status).toBe("True");
    const stored = await harness.stored(NodeClaims, CLAIM_KEY);
    for (const object of [stored, await node()]) {
      expect(object?.metadata.labels).toMatchObject({ "hook-B": "done", team: "of-B" });
      expect(object?.metadata.annotations?.["note"]).toBe("B");
    }
    expect((await node())?.spec?.taints).toBeUndefined();
  });

  it("LC-26: every hook is asked although one fails; the failure counts as pending and is an error", async () => {
    const asked: string[] = [];
    let down = true;
    const failing: RegistrationHook = {
      name: "failing",
      registered: async () => {
        if (down) throw new Error("the load balancer answered 500");
        return {};
      },
    };
    await launched({ hooks: [failing, hook("other", 0, asked)] });
    await harness.joins();
    expect(asked).toContain("other");
    expect(await registered()).toMatchObject({ reason: "RegistrationHookPending", message: "failing" });
    expect(harness.logger.messages("error")).toContain("Reconciler error");
    down = false;
    await harness.pass(5000);
    expect((await registered())?.status).toBe("True");
  });
});

describe("two claims of one machine", () => {
  it("neither takes the other's Node apart, and nothing is deleted", async () => {
    await launched();
    await harness.joins();
    const twin = aNodeClaim({ name: "twin", providerID: "fake:///1", conditions: ["Launched"] });
    await harness.put(NodeClaims, twin);
    await harness.pass(60_000);
    expect((await node())?.metadata.ownerReferences?.[0]?.name).toBe(CLAIM_KEY.name);
    expect(harness.provider.machines.size).toBe(1);
    expect((await harness.kube.list(NodeClaims)).items).toHaveLength(2);
  });
});
