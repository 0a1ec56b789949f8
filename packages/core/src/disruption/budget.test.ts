// Scenarios of docs/reference/upstream-parity.md: E-39, E-51, E-166.

import { describe, expect, it } from "vitest";
import type { Budget, DisruptionReason } from "../api/index.ts";
import { aNode, aNodeClaim, aNodePool } from "../testing/builders/index.ts";
import { allowedDisruptions, poolBudget, poolBudgets, UNLIMITED } from "./budget.ts";
import { budgetObstacle } from "./budget-obstacle.ts";
import type { DisruptionNode } from "./disruption-node.ts";

const NOW = Date.UTC(2000, 5, 15, 12, 30, 30);
const at = (text: string) => Date.parse(text);

function pool(...budgets: readonly Budget[]) {
  return aNodePool({ disruption: { budgets } });
}

function allowed(budget: Budget, nodes = 10, now = NOW, reason: DisruptionReason = "Empty") {
  return allowedDisruptions(pool(budget), nodes, reason, now).allowed;
}

interface Changes extends Partial<DisruptionNode> {
  readonly ready?: boolean;
  readonly conditions?: readonly string[];
}

function node(name: string, { ready = true, conditions, ...changes }: Changes = {}): DisruptionNode {
  const claim = aNodeClaim({ name, ...(conditions && { conditions }) });
  const object = aNode({ name, ready });
  return {
    name,
    providerID: `test:///${name}`,
    node: object,
    nodeClaim: claim,
    managed: true,
    initialized: true,
    nodePool: "default",
    labels: object.metadata.labels ?? {},
    annotations: {},
    pods: [],
    markedForDeletion: false,
    ...changes,
  };
}

const ten = (changes: readonly Changes[] = []) =>
  Array.from({ length: 10 }, (_, index) => node(`n${index}`, changes[index]));

describe("D-31, D-32: how many", () => {
  it.each([
    ["5%", 10, 1],
    ["20%", 19, 4],
    ["30%", 10, 3],
    ["7%", 100, 7],
    ["0%", 10, 0],
    ["100", 10, 100],
    ["10%", 0, 0],
    ["100%", 10, 10],
    ["100%", 200, 200],
  ])("DT-19: %s of %d nodes is %d", (nodes, count, expected) => {
    expect(allowed({ nodes }, count)).toBe(expected);
  });

  it("TC-11: of percentages the part is rounded up, and of two budgets the smaller counts", () => {
    expect([allowed({ nodes: "5%" }, 10), allowed({ nodes: "10%" }, 0)]).toEqual([1, 0]);
    expect(allowedDisruptions(pool({ nodes: "3" }, { nodes: "50%" }), 4, "Empty", NOW).allowed).toBe(2);
  });

  it("the default is a tenth of the nodes", () => {
    expect(allowedDisruptions(aNodePool(), 20, "Empty", NOW).allowed).toBe(2);
  });

  it("DT-21: an empty list is no limit, and neither are budgets none of which is active", () => {
    expect(allowedDisruptions(pool(), 10, "Empty", NOW).allowed).toBe(UNLIMITED);
    const closed = [
      { nodes: "1", schedule: "@yearly", duration: "1h" },
      { nodes: "10%", schedule: "@weekly", duration: "1h" },
    ];
    expect(allowedDisruptions(pool(...closed), 10, "Empty", NOW)).toEqual({ allowed: 2_147_483_647, errors: [] });
  });

  it("D-31: an empty list of reasons means every reason", () => {
    expect(allowed({ nodes: "3", reasons: [] })).toBe(3);
  });

  it.each([
    ["Empty", 4],
    ["Drifted", 5],
    ["Underutilized", 10],
  ] as const)("DT-20: the smallest active budget for %s is %d", (reason, expected) => {
    const always = { schedule: "* * * * *", duration: "1h" };
    const budgets: readonly Budget[] = [
      { nodes: "10", ...always },
      { nodes: "100", ...always },
      { nodes: "100%", ...always },
      { nodes: "15", reasons: ["Drifted", "Underutilized"], ...always },
      { nodes: "5", reasons: ["Drifted"], ...always },
      { nodes: "0", schedule: "@weekly", duration: "1h" },
      { nodes: "4", reasons: ["Empty"], ...always },
    ];
    expect(allowedDisruptions(pool(...budgets), 100, reason, NOW).allowed).toBe(expected);
  });

  it("DT-22, D-33: one unreadable budget blocks every reason", () => {
    const budgets = pool({ nodes: "5", reasons: ["Empty"], schedule: "@wrongly", duration: "1h" }, { nodes: "x" });
    const { allowed: none, errors } = allowedDisruptions(budgets, 10, "Drifted", NOW);
    expect(none).toBe(0);
    expect(errors).toHaveLength(2);
    expect(allowed({ nodes: "1000a%" })).toBe(0);
  });

  it.each<[string, Budget]>([
    ["a schedule without a duration", { nodes: "5", schedule: "@daily" }],
    ["a duration without a schedule", { nodes: "5", duration: "1h" }],
    ["a duration that is none", { nodes: "5", schedule: "@daily", duration: "long" }],
  ])("D-33: %s cannot be read", (_, budget) => {
    const { allowed: none, errors } = allowedDisruptions(pool(budget), 10, "Empty", NOW);
    expect([none, errors.length]).toEqual([0, 1]);
  });
});

describe("D-34: when", () => {
  it.each([
    ["DT-23", "@daily", "30m", "2026-01-01T23:00:00Z", false],
    ["DT-24", "@yearly", "24h", "2026-01-01T12:00:00Z", true],
    ["DT-24", "@daily", "48h", "2026-03-03T03:03:03Z", true],
    ["DT-24", "30 6 * * SUN", "6h", "2026-01-04T00:00:00Z", false],
    ["DT-24", "30 6 * * SUN", "6h", "2026-01-04T06:30:00Z", true],
    ["DT-24", "30 6 * * SUN", "6h", "2026-01-04T12:29:59Z", true],
    ["DT-24", "30 6 * * SUN", "6h", "2026-01-04T12:30:00Z", false],
    ["DT-25", "0 0 30 2 *", "1h", "2026-06-01T12:00:00Z", true],
    ["DT-26", "0 0 1 * mon", "1h", "2026-01-01T00:30:00Z", true],
    ["DT-26", "0 0 1 * mon", "1h", "2026-01-05T00:30:00Z", true],
    ["DT-26", "0 0 1 * mon", "1h", "2026-01-06T00:30:00Z", false],
    ["TC-10", "0 9 * * mon-fri", "8h", "2026-01-06T08:59:59Z", false],
    ["TC-10", "0 9 * * mon-fri", "8h", "2026-01-06T09:00:00Z", true],
    ["TC-10", "0 9 * * mon-fri", "8h", "2026-01-06T16:59:00Z", true],
    ["TC-10", "0 9 * * mon-fri", "8h", "2026-01-06T17:00:00Z", false],
    ["TC-10", "@hourly", "2h", "2026-01-06T17:00:00Z", true],
    ["TC-10", "@hourly", "2h", "2026-01-06T17:59:59Z", true],
  ])("%s: %s for %s is open at %s: %s", (_, schedule, duration, time, open) => {
    expect(allowed({ nodes: "0", schedule, duration }, 10, at(time))).toBe(open ? 0 : UNLIMITED);
  });

  it("parts of a second do not count", () => {
    const budget = { nodes: "0", schedule: "30 6 * * SUN", duration: "6h" };
    expect(allowed(budget, 10, at("2026-01-04T12:29:59.999Z"))).toBe(0);
  });

  it("DT-25: names of days may be written in any case", () => {
    const daily = pool({ nodes: "5", schedule: "0 9 * * MON-fri", duration: "1h" });
    expect(allowedDisruptions(daily, 10, "Empty", NOW).errors).toEqual([]);
  });

  it.each(["0 0 * * 7", "0 0 * * tue-mon", "TZ=Europe/Paris 0 9 * * *"])("DT-25: %j cannot be read", (schedule) => {
    const { allowed: none, errors } = allowedDisruptions(
      pool({ nodes: "5", schedule, duration: "1h" }),
      10,
      "Empty",
      NOW,
    );
    expect([none, errors.length]).toEqual([0, 1]);
  });
});

describe("D-35, D-36: what remains", () => {
  const remaining = (nodes: readonly DisruptionNode[], text = "100%", reason: DisruptionReason = "Empty") =>
    poolBudget(pool({ nodes: text }), nodes, reason, NOW).remaining;

  it.each(["Empty", "Drifted", "Underutilized"] as const)(
    "DT-16: unmanaged, starting and ending nodes do not count for %s, ready or not",
    (reason) => {
      for (const ready of [true, false]) {
        const others = [
          node("unmanaged", { managed: false, ready }),
          node("starting", { initialized: false, ready }),
          node("ending", { conditions: ["InstanceTerminating"], ready }),
        ];
        for (const other of others) expect(remaining([...ten(), other], "100%", reason)).toBe(10);
        expect(remaining([...ten(), ...others], "100%", reason)).toBe(10);
      }
    },
  );

  it("DT-17: nodes that go or are not ready use the budget up, each once", () => {
    expect(remaining(ten([{ markedForDeletion: true }, { markedForDeletion: true }]))).toBe(8);
    expect(remaining(ten([{ ready: false }, { ready: false }]))).toBe(8);
    expect(remaining(ten([{ ready: false, markedForDeletion: true }]))).toBe(9);
  });

  it("DT-18: it never falls below 0", () => {
    expect(remaining(ten(Array.from({ length: 10 }, () => ({ markedForDeletion: true }))), "10%")).toBe(0);
  });

  it("nodes of other pools do not count", () => {
    const other = node("other", { labels: { "karpenter.sh/nodepool": "other" }, nodePool: "other" });
    expect(poolBudget(pool({ nodes: "50%" }), [...ten(), other], "Empty", NOW)).toMatchObject({
      nodes: 10,
      allowed: 5,
    });
  });

  it("the map has an entry for each pool", () => {
    expect([...poolBudgets([aNodePool({ name: "a" }), aNodePool({ name: "b" })], [], "Empty", NOW).keys()]).toEqual([
      "a",
      "b",
    ]);
  });

  it("the budget that decides is named", () => {
    expect(poolBudget(pool({ nodes: "3" }, { nodes: "1" }), ten(), "Empty", NOW).limiting).toBe('nodes "1"');
    const timed = { nodes: "1", schedule: "* * * * *", duration: "1h" };
    expect(poolBudget(pool(timed, { nodes: "1" }), ten(), "Empty", NOW).limiting).toBe(
      'nodes "1" at "* * * * *" for 1h',
    );
  });

  it("DX-1: a node that a budget holds is told how many go and how many may", () => {
    const budget = poolBudget(pool({ nodes: "3" }), ten([{ ready: false }, { markedForDeletion: true }]), "Empty", NOW);
    expect(budgetObstacle("default", budget, 0)).toBeUndefined();
    expect(budgetObstacle("default", budget, 1)).toEqual({
      code: "Budget",
      detail: 'budget nodes "3" of NodePool default allows 3 at a time, and 3 are being disrupted or not ready',
    });
  });

  it("D-36: a pool that is not in the map allows nothing", () => {
    expect(budgetObstacle("other", undefined, 0)?.code).toBe("Budget");
    expect(budgetObstacle("other", undefined, 0)?.detail).toContain("allows 0 at a time, and 0 are");
  });
});
