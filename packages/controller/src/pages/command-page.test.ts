import type { CommandRecord } from "@karpenter-multicloud/core/decisions";
import { describe, expect, it } from "vitest";
import { commandPage } from "./command-page.ts";

const START = Date.UTC(2026, 0, 1);
const RUNNING: CommandRecord = {
  id: "c2",
  method: "single",
  reason: "Underutilized",
  decision: "replace",
  nodes: ["n2"],
  replacements: [{ types: ["m.2", "m.4"], pricePerHour: 0.1 }],
  moves: [{ pod: "default/web", from: "n2", to: "new#1" }],
  savingsPerHour: 0.3,
  moveCost: 2,
  phases: [
    { name: "waiting", start: START },
    { name: "tainted", start: START + 15_000 },
  ],
};
const GIVEN_UP: CommandRecord = {
  ...RUNNING,
  id: "c1",
  nodes: ["n1"],
  outcome: "GivenUp",
  end: START + 60_000,
  why: "TaintRace: a pod slipped in",
};

async function ask(query = "", records: readonly CommandRecord[] = [GIVEN_UP, RUNNING]): Promise<string> {
  return (await commandPage(() => records)(new URLSearchParams(query), new AbortController().signal)).body;
}

describe("DX-1: the page of commands", () => {
  it("is a table for people, the newest first", async () => {
    expect(await ask()).toBe(
      [
        "STARTED               METHOD  DECISION  NODES  REPLACEMENTS  SAVINGS/H  STATE    WHY",
        "2026-01-01T00:00:00Z  single  replace   n2     m.2           0.3000     tainted",
        "2026-01-01T00:00:00Z  single  replace   n1     m.2           0.3000     GivenUp  TaintRace: a pod slipped in",
        "",
      ].join("\n"),
    );
  });

  it("is JSON for programs, and may be of one node", async () => {
    const [only, ...others] = JSON.parse(await ask("format=json&node=n1")) as readonly CommandRecord[];
    expect(others).toEqual([]);
    expect(only).toMatchObject({
      id: "c1",
      outcome: "GivenUp",
      end: "2026-01-01T00:01:00Z",
      moves: [{ pod: "default/web", from: "n2", to: "new#1" }],
      phases: [{ name: "waiting", start: "2026-01-01T00:00:00Z" }, { name: "tainted" }],
    });
  });

  it("says when there is nothing yet", async () => {
    expect(await ask("", [])).toMatch(/^no node has been chosen yet/);
  });
});
