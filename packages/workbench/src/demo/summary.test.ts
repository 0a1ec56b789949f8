import { describe, expect, it } from "vitest";
import { summaryLines, type Outcome } from "./summary.ts";

function anOutcome(given: Partial<Outcome> = {}): Outcome {
  return {
    cloud: { machinesEver: () => 5, evidence: () => "454 requests." },
    totals: {
      podsBound: 30,
      nodesPeak: 5,
      nodesEnd: 0,
      poolsEnd: 0,
      costPerHourPeak: 0.9207,
      virtualSeconds: 1513,
      wallSeconds: 1.2,
    },
    currency: "EUR",
    failed: undefined,
    errors: [],
    complaints: [],
    ...given,
  };
}

describe("summary", () => {
  it("tells what was bought, what it cost and that nothing is left", () => {
    expect(summaryLines(anOutcome())).toEqual([
      "",
      "30 pods ran on up to 5 nodes, at most 0.9207 EUR per hour.",
      "5 machines bought in all; all given back, nothing is left.",
      "25 min 13 s of cluster time took 1.2 s. 454 requests.",
    ]);
  });

  it("a demo that bought nothing does not speak of giving back", () => {
    const cloud = { machinesEver: () => 0, evidence: () => "" };
    expect(summaryLines(anOutcome({ cloud }))[2]).toBe("No machine was bought.");
  });

  it("names what is left, what did not converge, errors of the log and complaints of the cloud", () => {
    const totals = { ...anOutcome().totals, nodesEnd: 1, poolsEnd: 2 };
    const error = {
      level: "error",
      message: "Reconciler error",
      fields: { error: new Error("no"), key: "a" },
    } as const;
    const complaints = ["LeakedMachine: machine m runs without its Node"];
    expect(summaryLines(anOutcome({ totals, failed: "five pods wait", errors: [error], complaints })).slice(2)).toEqual(
      [
        "5 machines bought in all; 1 node and 2 pools are left.",
        "25 min 13 s of cluster time took 1.2 s. 454 requests.",
        "NOT CONVERGED: five pods wait. The decisions above say what is missing.",
        'ERROR in the log: Reconciler error: no {"key":"a"}',
        "BROKEN PROMISE seen by the cloud: LeakedMachine: machine m runs without its Node",
      ],
    );
  });
});
