import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { describe, expect, it } from "vitest";

import { OvhAnnotation } from "../api/labels.ts";
import { OVH_NODE_CLASS_KIND } from "../api/ovh-node-class.ts";
import type { WireMachine } from "../client/wire.ts";
import { balanceOf, growthTarget, guardTarget, pairsOf, surplusOf } from "./pool-balance.ts";
import type { Balance, PoolView } from "./pool-balance.ts";

const machine = (id: string, over: Partial<WireMachine> = {}): WireMachine => ({
  id,
  nodePoolId: "pool",
  instanceId: `instance-${id}`,
  name: `node-${id}`,
  flavor: "b3-8",
  version: "1.34.1-1",
  status: "READY",
  isUpToDate: true,
  createdAt: "2026-01-01T00:00:00Z",
  ...over,
});

interface ClaimFacts {
  readonly node?: string;
  readonly providerID?: string;
  readonly attempt?: string;
  readonly deleting?: boolean;
}

const claim = (
  name: string,
  { node, providerID, attempt = "2026-01-01T00:00:00Z", deleting }: ClaimFacts = {},
): NodeClaim => ({
  metadata: {
    name,
    annotations: {
      [OvhAnnotation.PoolName]: "pool",
      [OvhAnnotation.LaunchAttempt]: attempt,
      ...(node === undefined ? {} : { [OvhAnnotation.NodeId]: node }),
    },
    ...(deleting ? { deletionTimestamp: "2026-01-01T01:00:00Z" } : {}),
  },
  spec: { nodeClassRef: { ...OVH_NODE_CLASS_KIND, name: "default" }, requirements: [] },
  ...(providerID === undefined ? {} : { status: { providerID } }),
});

const balance = (
  desired: number,
  machines: readonly WireMachine[],
  claims: readonly NodeClaim[],
  over: Partial<PoolView> = {},
): Balance =>
  balanceOf({
    desired,
    machines,
    claims,
    isLeaving: () => false,
    hasFailed: ({ status }) => status === "ERROR",
    isTaken: () => false,
    ...over,
  });

describe("how many machines a pool should have", () => {
  it("O-20: waiting claims are served by free machines, then by ordered ones, and only then by growth", () => {
    const a = claim("a", { node: "1" });
    expect(growthTarget(balance(1, [machine("1")], [a]))).toBeUndefined();
    expect(growthTarget(balance(2, [machine("1"), machine("2")], [a, claim("b")]))).toBeUndefined();
    expect(growthTarget(balance(2, [machine("1")], [a, claim("b")]))).toBeUndefined();
    expect(growthTarget(balance(1, [machine("1")], [a, claim("b")]))).toBe(2);
    expect(growthTarget(balance(1, [machine("1")], [a, claim("b"), claim("c")]))).toBe(3);
  });

  it("O-20: the same question twice has the same answer", () => {
    const claims = [claim("a", { node: "1" }), claim("b"), claim("c")];
    const wanted = growthTarget(balance(1, [machine("1")], claims)) ?? 0;
    expect(growthTarget(balance(wanted, [machine("1")], claims))).toBeUndefined();
  });

  it("T-41: growth never leaves a pool lower than its machines", () => {
    const machines = [machine("1"), machine("2"), machine("3")];
    const claims = [claim("a", { node: "1" }), claim("b")];
    expect(growthTarget(balance(1, machines, claims))).toBe(3);
    expect(guardTarget(balance(1, machines, claims))).toBe(3);
  });

  it("T-83: a failed machine does not count as one a claim could get", () => {
    const claims = [claim("a", { node: "1" }), claim("b", { node: "2" }), claim("c")];
    const machines = [machine("1"), machine("2"), machine("3", { status: "ERROR" })];
    expect(growthTarget(balance(3, machines, claims))).toBe(4);
    expect(growthTarget(balance(2, machines.slice(0, 2), claims))).toBe(3);
  });

  it("O-20: machines on their way out are no part of the size", () => {
    const claims = [claim("a", { node: "1" }), claim("b", { node: "2", deleting: true })];
    const machines = [machine("1"), machine("2", { status: "DELETING" })];
    expect(guardTarget(balance(1, machines, claims))).toBeUndefined();
    const asked = { isLeaving: ({ id }: WireMachine) => id === "2" };
    expect(guardTarget(balance(1, [machine("1"), machine("2")], claims, asked))).toBeUndefined();
    expect(guardTarget(balance(1, [machine("1"), machine("2")], claims))).toBe(2);
  });

  it("a machine used by a registered node whose claim does not say so still counts as held", () => {
    const taken = { isTaken: ({ id }: WireMachine) => id === "1" };
    const found = balance(1, [machine("1")], [claim("b")], taken);
    expect(found.unassigned).toEqual([]);
    expect(growthTarget(found)).toBe(2);
  });

  it("O-29: what is left after serving the waiting claims is surplus", () => {
    const machines = [machine("1"), machine("2"), machine("3")];
    expect(surplusOf(balance(3, machines, [claim("a")])).map(({ id }) => id)).toEqual(["2", "3"]);
  });
});

describe("who gets which machine", () => {
  it("O-22: the longest waiting claim and the machine with an instance come first", () => {
    const claims = [claim("b"), claim("a"), claim("z", { attempt: "2025-12-31T00:00:00Z" })];
    const machines = [
      machine("1", { instanceId: "" }),
      machine("2", { createdAt: "2026-01-02T00:00:00Z" }),
      machine("3"),
    ];
    const pairs = pairsOf(balance(3, machines, claims)).map((pair) => [pair.claim.metadata.name, pair.machine.id]);
    expect(pairs).toEqual([
      ["z", "3"],
      ["a", "2"],
      ["b", "1"],
    ]);
  });

  it("O-22: a machine id on two claims stays with the launched one, else with the older", () => {
    const launched = claim("y", { node: "1", providerID: "openstack:///instance-1", attempt: "2026-01-03T00:00:00Z" });
    const old = claim("x", { node: "1" });
    expect(balance(1, [machine("1")], [old, launched]).duplicates).toEqual([old]);
    const young = claim("w", { node: "1", attempt: "2026-01-02T00:00:00Z" });
    expect(balance(1, [machine("1")], [young, old]).duplicates).toEqual([young]);
  });

  it("O-22: a launched claim that lost its annotation is found by its provider id", () => {
    const found = balance(1, [machine("1")], [claim("a", { providerID: "openstack:///instance-1" })]);
    expect(found.assigned).toHaveLength(1);
    expect(found.unassigned).toEqual([]);
  });

  it("claims that are being deleted wait for nothing", () => {
    expect(balance(0, [], [claim("a", { deleting: true })]).waiting).toEqual([]);
  });

  it("a claim whose machine is not listed is bereft, not waiting", () => {
    const found = balance(1, [], [claim("a", { node: "1" })]);
    expect(found.bereft).toHaveLength(1);
    expect(found.waiting).toEqual([]);
  });
});
