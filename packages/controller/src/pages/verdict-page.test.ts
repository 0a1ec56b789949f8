import type { NodeJudgement } from "@karpenter-multicloud/core/decisions";
import { describe, expect, it } from "vitest";
import { verdictPage } from "./verdict-page.ts";

const SINCE = Date.UTC(2026, 0, 1);
const JUDGEMENTS: readonly NodeJudgement[] = [
  {
    node: "n1",
    nodeClaim: "c1",
    nodePool: "default",
    verdict: "Budget",
    detail: "the budget is used up",
    since: SINCE,
    pricePerHour: 0.25,
    currency: "USD",
    rescheduleCost: 2,
    blockers: [
      { kind: "budget", name: "n1", text: "the budget is used up" },
      { kind: "pod", name: "default/web", text: "protected" },
    ],
  },
  { node: "n22", verdict: "Unmanaged", detail: "not ours", since: SINCE, until: SINCE + 60_000 },
];

async function ask(query = "", judgements = JUDGEMENTS): Promise<string> {
  const answer = await verdictPage(() => judgements)(new URLSearchParams(query), new AbortController().signal);
  return answer.body;
}

describe("DX-1: the page of verdicts", () => {
  it("is a table for people", async () => {
    expect(await ask()).toBe(
      [
        "NODE  NODEPOOL  VERDICT    PRICE/H     SINCE                 UNTIL                 DETAIL",
        "n1    default   Budget     0.2500 USD  2026-01-01T00:00:00Z                        the budget is used up (and 1 more)",
        "n22             Unmanaged              2026-01-01T00:00:00Z  2026-01-01T00:01:00Z  not ours",
        "",
      ].join("\n"),
    );
  });

  it("is JSON for programs, and may be narrowed down", async () => {
    expect(JSON.parse(await ask("format=json&node=n1"))).toEqual([
      {
        node: "n1",
        nodeClaim: "c1",
        nodePool: "default",
        verdict: "Budget",
        detail: "the budget is used up",
        since: "2026-01-01T00:00:00Z",
        pricePerHour: 0.25,
        currency: "USD",
        rescheduleCost: 2,
        blockers: [
          { kind: "budget", name: "n1", text: "the budget is used up" },
          { kind: "pod", name: "default/web", text: "protected" },
        ],
      },
    ]);
    expect(JSON.parse(await ask("format=json&verdict=Unmanaged&verdict=Deleting"))).toHaveLength(1);
    expect(JSON.parse(await ask("format=json&nodepool=other"))).toEqual([]);
  });

  it("says when there is nothing to say yet", async () => {
    expect(await ask("", [])).toContain("this process does not lead");
  });
});
