import { describe, expect, it } from "vitest";
import { aNodeClaim, aNodePool, type NodeClaimOptions } from "../testing/builders/index.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { seconds } from "../units/index.ts";
import { buildStateNode } from "./build-state-node.ts";
import { PoolLedger, type Admission, type PoolBook, type Reservation } from "./pool-ledger.ts";
import type { StateNode } from "./state-node.ts";

const MACHINE = { cpu: 4000 };

function machine(name: string, over: NodeClaimOptions = {}, marked = false): StateNode {
  return buildStateNode({ nodeClaim: aNodeClaim({ name, ...over }), pods: [], marked });
}

function ledgerOf(...nodes: readonly StateNode[]) {
  const list = [...nodes];
  const clock = new FakeClock();
  return { ledger: new PoolLedger({ state: { nodes: () => list }, clock }), nodes: list, clock };
}

function grantOf(admission: Admission): Reservation {
  if ("over" in admission) throw new Error(`refused for ${admission.over.join()}`);
  return admission.granted;
}

function overOf(book: PoolBook, limits: Readonly<Record<string, string>>): readonly string[] {
  const admission = book.admit(aNodePool({ limits }), MACHINE);
  return "over" in admission ? admission.over : [];
}

describe("the nodes of all pools together", () => {
  function limited(maxNodes: number, ...nodes: readonly StateNode[]): PoolLedger {
    return new PoolLedger({ state: { nodes: () => nodes }, clock: new FakeClock(), maxNodes });
  }

  it("are never more than the limit, whoever creates them; what is on its way out counts until it is gone", () => {
    const ledger = limited(3, machine("n1"), machine("n2", {}, true));
    const granted = grantOf(ledger.open().admit(aNodePool({ name: "a" }), MACHINE));
    expect(ledger.open().admit(aNodePool({ name: "b" }), MACHINE)).toEqual({ over: ["nodes"], ofCluster: 3 });
    expect(ledger.grantNodes(aNodePool({ name: "c" }), 5)).toEqual([]);
    expect(ledger.fullCluster()).toBe(3);
    granted.release();
    expect(ledger.fullCluster()).toBeUndefined();
    expect(ledger.grantNodes(aNodePool({ name: "c" }), 5)).toHaveLength(1);
  });

  it("do not matter without a limit, and a pool's own limit is named first", () => {
    expect(limited(0, machine("n1")).fullCluster()).toBeUndefined();
    const book = limited(1, machine("n1")).open();
    expect(book.admit(aNodePool({ limits: { nodes: "0" } }), MACHINE)).toEqual({ over: ["nodes"] });
  });
});

describe("NP-16, LC-11: creates of a known size", () => {
  it("reaching a limit is allowed, exceeding it is refused with the resources it is about", () => {
    const book = (): PoolBook => ledgerOf(machine("n1")).ledger.open();
    expect(overOf(book(), { cpu: "8", nodes: "2" })).toEqual([]);
    expect(overOf(book(), { cpu: "7", memory: "1Ti", nodes: "1" })).toEqual(["cpu", "nodes"]);
  });

  it("a resource that no machine of the pool reports is no obstacle, one that is limited to nothing is", () => {
    const { ledger } = ledgerOf();
    expect(overOf(ledger.open(), { "example.com/gpu": "0" })).toEqual([]);
    expect(overOf(ledger.open(), { nodes: "0" })).toEqual(["nodes"]);
  });

  it("what one book has admitted is seen by a second one, until it is released", () => {
    const { ledger } = ledgerOf();
    const limits = { cpu: "4" };
    const granted = grantOf(ledger.open().admit(aNodePool({ limits }), MACHINE));
    expect(overOf(ledger.open(), limits)).toEqual(["cpu"]);
    granted.release();
    granted.release();
    expect(overOf(ledger.open(), limits)).toEqual([]);
  });

  it("releasing one of two equal bookings leaves the other", () => {
    const { ledger } = ledgerOf();
    const limits = { cpu: "8" };
    const book = ledger.open();
    const first = grantOf(book.admit(aNodePool({ limits }), MACHINE));
    grantOf(book.admit(aNodePool({ limits }), MACHINE));
    first.release();
    first.release();
    expect(ledger.counts("default").reserved).toBe(1);
    expect(overOf(ledger.open(), { cpu: "7" })).toEqual(["cpu"]);
  });

  it("room of a create without an answer is held a little longer, and then given back by itself", async () => {
    const { ledger, clock } = ledgerOf();
    const granted = grantOf(ledger.open().admit(aNodePool(), MACHINE));
    granted.releaseAfter(seconds(10));
    await clock.advance(9999);
    expect(ledger.counts("default").reserved).toBe(1);
    await clock.advance(1);
    expect(ledger.counts("default").reserved).toBe(0);
    granted.releaseAfter(seconds(10));
    expect(overOf(ledger.open(), { cpu: "4" })).toEqual([]);
  });

  it("pools are counted apart", () => {
    const { ledger } = ledgerOf(machine("n1", { nodePool: "other" }));
    const book = ledger.open();
    grantOf(book.admit(aNodePool({ name: "other", limits: { cpu: "8" } }), MACHINE));
    expect(overOf(book, { cpu: "4" })).toEqual([]);
    expect("over" in book.admit(aNodePool({ name: "other", limits: { cpu: "11" } }), MACHINE)).toBe(true);
  });

  it("NP-15: machines on their way out do not count", () => {
    const leaving = machine("n1", { deletionTimestamp: "2026-01-01T00:00:00Z" });
    const { ledger } = ledgerOf(leaving, machine("n2", {}, true));
    expect(overOf(ledger.open(), { cpu: "4" })).toEqual([]);
  });

  it("a machine counts as what the caller knows of it", () => {
    const { ledger } = ledgerOf(machine("n1"));
    expect(overOf(ledger.open(), { cpu: "12" })).toEqual([]);
    expect(
      overOf(
        ledger.open(() => ({ cpu: 9000 })),
        { cpu: "12" },
      ),
    ).toEqual(["cpu"]);
  });
});

describe("ST-5: the machines of a pool", () => {
  it("are active, deleting or pending disruption, each once", () => {
    const terminating = machine("n3", { conditions: ["Launched", "InstanceTerminating"] });
    const { ledger } = ledgerOf(
      machine("n1"),
      machine("n2", { deletionTimestamp: "2026-01-01T00:00:00Z" }, true),
      terminating,
      machine("n4", {}, true),
      machine("other", { nodePool: "other" }),
    );
    expect(ledger.counts("default")).toEqual({ active: 1, deleting: 2, pendingDisruption: 1, reserved: 0 });
  });
});

describe("ST-1, D-65: grants of a static pool", () => {
  const granted = (ledger: PoolLedger, wanted: number, limits?: Readonly<Record<string, string>>): number =>
    ledger.grantNodes(aNodePool({ replicas: 9, ...(limits && { limits }) }), wanted).length;

  it("without a limit everything wanted is granted", () => {
    expect(granted(ledgerOf(machine("n1")).ledger, 7)).toBe(7);
  });

  it("the limit leaves room for what is neither active, nor deleting, nor pending, nor granted already", () => {
    const { ledger } = ledgerOf(
      machine("n1"),
      machine("n2", { deletionTimestamp: "2026-01-01T00:00:00Z" }),
      machine("n3", {}, true),
    );
    expect(granted(ledger, 9, { nodes: "5" })).toBe(2);
    expect(granted(ledger, 9, { nodes: "5" })).toBe(0);
    expect(granted(ledger, 9, { nodes: "6" })).toBe(1);
  });

  it("is never negative, whatever the limit has become", () => {
    expect(granted(ledgerOf(machine("n1"), machine("n2")).ledger, 3, { nodes: "1" })).toBe(0);
    expect(granted(ledgerOf().ledger, -1)).toBe(0);
  });

  it("LC-11: nothing is granted while another limit is exceeded", () => {
    const { ledger } = ledgerOf(machine("n1"));
    expect(granted(ledger, 1, { cpu: "3" })).toBe(0);
    expect(granted(ledger, 1, { cpu: "4" })).toBe(1);
  });
});

/** Numbers that look like chance and are the same each time. */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 0x7fffffff;
    return state % below;
  };
}

describe("NP-16: whatever is asked in which order", () => {
  it.each(Array.from({ length: 20 }, (_, i) => i + 1))("creates in flight never add up to more, seed %i", (seed) => {
    const next = sequence(seed);
    const { ledger, nodes } = ledgerOf();
    const limit = 1 + next(6);
    const pool = aNodePool({ limits: { nodes: String(limit) } });
    const inFlight: Reservation[] = [];
    let most = 0;
    for (let step = 0; step < 200; step++) {
      const action = next(4);
      if (action === 0) inFlight.push(...ledger.grantNodes(pool, 1 + next(4)));
      else if (action === 1) {
        const book = ledger.open();
        for (let i = next(4); i >= 0; i--) {
          const admission = book.admit(pool, MACHINE);
          if ("granted" in admission) inFlight.push(admission.granted);
        }
      } else if (action === 2) {
        const done = inFlight.shift();
        // Half of the creates fail.
        if (done && next(2) === 0) nodes.push(machine(`n${step}`));
        done?.release();
      } else nodes.splice(next(nodes.length + 1), 1);
      most = Math.max(most, nodes.length + inFlight.length);
      expect(nodes.length + inFlight.length).toBeLessThanOrEqual(limit);
    }
    expect(most).toBe(limit);
  });
});
