import { describe, expect, it } from "vitest";
import { type Decision, DecisionLedger } from "./ledger.ts";

const decision = (over: Partial<Decision> = {}): Decision => ({
  at: 0,
  controller: "disruption",
  verdict: "NotEmpty",
  subject: "Node a",
  detail: "2 pods",
  ...over,
});

describe("DecisionLedger", () => {
  it("keeps a verdict once while it stays the same, and again when it changed back", () => {
    const ledger = new DecisionLedger();
    ledger.record(decision({ at: 1 }));
    ledger.record(decision({ at: 2 }));
    ledger.record(decision({ at: 3, detail: "1 pod" }));
    ledger.record(decision({ at: 4 }));
    expect(ledger.list().map((d) => d.at)).toEqual([1, 3, 4]);
  });

  it("forgets the oldest decisions beyond its capacity", () => {
    const ledger = new DecisionLedger(2);
    for (const at of [1, 2, 3]) ledger.record(decision({ at, subject: `Node ${at}` }));
    expect(ledger.list().map((d) => d.at)).toEqual([2, 3]);
  });

  it("tells subscribers until they leave", () => {
    const ledger = new DecisionLedger();
    const heard: number[] = [];
    const leave = ledger.subscribe((d) => heard.push(d.at));
    ledger.record(decision({ at: 1 }));
    leave();
    ledger.record(decision({ at: 2, detail: "other" }));
    expect(heard).toEqual([1]);
  });

  it("DX-1: keeps one record of each command, of so many as are bounded", () => {
    const ledger = new DecisionLedger();
    const record = { method: "multi", reason: "Underutilized", decision: "delete", nodes: [] } as const;
    const rest = { replacements: [], moves: [], moveCost: 1, phases: [] };
    for (let n = 0; n < 600; n++) ledger.command({ id: `c${n}`, ...record, ...rest });
    ledger.command({ id: "c300", ...record, ...rest, outcome: "Done" });
    expect(ledger.commands()).toHaveLength(500);
    expect(ledger.commands()[0]?.id).toBe("c100");
    expect(ledger.commands().at(-1)).toMatchObject({ id: "c300", outcome: "Done" });
  });
});
