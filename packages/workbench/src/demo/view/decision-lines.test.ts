import { describe, expect, it } from "vitest";
import { decisionLines } from "./decision-lines.ts";
import { aDecision } from "./test-picture.ts";

const texts = (...decisions: Parameters<typeof decisionLines>[0]): readonly string[] =>
  decisionLines(decisions).map(({ verdict, subject, detail }) => `${verdict} ${subject}: ${detail}`);

describe("decision lines", () => {
  it("what holds for several objects at once is one line", () => {
    const budget = (node: string) => aDecision("Budget", `Node ${node}`, "one at a time");
    expect(texts(budget("a"), budget("b"), budget("c"), budget("d"))).toEqual([
      "Budget 4 Nodes (a, b and 2 more): one at a time",
    ]);
    expect(texts(budget("a"))).toEqual(["Budget a: one at a time"]);
  });

  it("other moments, verdicts and reasons have lines of their own", () => {
    const first = aDecision("Budget", "Node a", "one at a time");
    const later = aDecision("Budget", "Node b", "one at a time", 10);
    const other = aDecision("Budget", "Node c", "none at all");
    expect(texts(first, later, other)).toHaveLength(3);
  });

  it("reasons that differ by a time or a machine's name are the same reason", () => {
    const wait = (node: string, second: number) =>
      aDecision("WaitConsolidateAfter", `Node ${node}`, `waits until 2026-01-01T08:09:4${second}Z`);
    expect(texts(wait("a", 1), wait("b", 2))).toEqual([
      "WaitConsolidateAfter 2 Nodes (a, b): waits until 2026-01-01T08:09:41Z",
    ]);
    const soldOut = (claim: string) =>
      aDecision("GiveUpNodeClaim", `NodeClaim ${claim}`, `machine m-${claim} is sold out`);
    expect(texts(soldOut("x"), soldOut("y"))).toEqual(["GiveUpNodeClaim 2 NodeClaims (x, y): machine m-x is sold out"]);
  });

  it("leaves out why a node stays that is seen to boot, to go, or to be promised", () => {
    const seen = ["NotInitialized", "Deleting", "Nominated"].map((verdict) => aDecision(verdict, "Node a", "seen"));
    expect(texts(...seen, aDecision("Selected", "Node a", "goes now"))).toEqual(["Selected a: goes now"]);
  });

  it("the number of pods is that of each new machine", () => {
    const create = (name: string) => aDecision("CreateNodeClaim", `NodeClaim ${name}`, "7 pods need a new machine");
    expect(texts(create("a"), create("b"))).toEqual([
      "CreateNodeClaim 2 NodeClaims (a, b): each: 7 pods need a new machine",
    ]);
  });
});
