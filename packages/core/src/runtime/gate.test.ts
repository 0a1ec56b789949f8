import { describe, expect, it } from "vitest";

import { FakeClock, MemoryLogger } from "../testing/index.ts";
import { ObserveOnly } from "./action-gate.ts";
import type { Action } from "./action-gate.ts";
import { ActionRefused, Gate } from "./gate.ts";
import type { ActionRecord } from "./gate.ts";

const create: Action = { target: "cluster", verb: "create", subject: "NodeClaim default-1" };

describe("Gate", () => {
  it("lets writes pass, answers their result and records them", async () => {
    const clock = new FakeClock(1000);
    const gate = new Gate({ mode: "act", clock });
    await expect(gate.run(create, () => Promise.resolve("stored"))).resolves.toBe("stored");
    expect(gate.records).toEqual([{ ...create, at: 1000, outcome: "done", durationMs: 0 }]);
  });

  it("records and rethrows a failure", async () => {
    const gate = new Gate({ mode: "act", clock: new FakeClock() });
    await expect(gate.run(create, () => Promise.reject(new Error("no quota")))).rejects.toThrow("no quota");
    expect(gate.records.map(({ outcome, error }) => [outcome, error])).toEqual([["failed", "no quota"]]);
  });

  it("holds writes back in observe mode and says what they would have been", async () => {
    const logger = new MemoryLogger();
    const gate = new Gate({ mode: "observe", clock: new FakeClock(), logger });
    let written = false;
    const write = async (): Promise<void> => {
      written = true;
    };
    await expect(gate.run(create, write)).rejects.toBeInstanceOf(ObserveOnly);
    expect([written, gate.observeOnly, gate.records[0]?.outcome]).toEqual([false, true, "observed"]);
    expect(logger.find("held back in observe mode")?.fields["subject"]).toBe("NodeClaim default-1");
  });

  it("writes events and status in observe mode: they only inform", async () => {
    const gate = new Gate({ mode: "observe", clock: new FakeClock() });
    const write = (): Promise<number> => Promise.resolve(1);
    await gate.run({ target: "cluster", verb: "create", subject: "Event default/x.1" }, write);
    await gate.run({ target: "cluster", verb: "patchStatus", subject: "NodePool default" }, write);
    await expect(gate.run({ ...create, target: "cloud", verb: "setStatus" }, write)).rejects.toThrow(ObserveOnly);
    expect(gate.records.map((record) => record.outcome)).toEqual(["done", "done", "observed"]);
  });

  it("RT-36: refuses every write once it is no longer permitted", async () => {
    let leads = true;
    const gate = new Gate({ mode: "act", clock: new FakeClock(), permitted: () => leads });
    await gate.run(create, () => Promise.resolve());
    leads = false;
    await expect(gate.run(create, () => Promise.resolve())).rejects.toBeInstanceOf(ActionRefused);
  });

  it("paces writes", async () => {
    const clock = new FakeClock(0);
    const gate = new Gate({ mode: "act", clock, ratePerSecond: 2 });
    const at: number[] = [];
    for (let n = 0; n < 5; n++) void gate.run(create, async () => void at.push(clock.now()));
    await clock.advance(5000);
    expect(at).toEqual([0, 0, 500, 1000, 1500]);
  });

  it("keeps the last records only, while the audit sees all", async () => {
    const seen: ActionRecord[] = [];
    const gate = new Gate({ mode: "act", clock: new FakeClock(), keep: 3, audit: (record) => seen.push(record) });
    for (let n = 0; n < 8; n++) await gate.run({ ...create, subject: `NodeClaim ${n}` }, () => Promise.resolve());
    expect(gate.records.map((record) => record.subject)).toEqual(["NodeClaim 5", "NodeClaim 6", "NodeClaim 7"]);
    expect(seen.length).toBe(8);
  });

  it("does not turn a write that was done into a failure because the audit failed", async () => {
    const logger = new MemoryLogger();
    const audit = (): void => {
      throw new Error("disk full");
    };
    const gate = new Gate({ mode: "act", clock: new FakeClock(), logger, audit });
    await expect(gate.run(create, () => Promise.resolve(1))).resolves.toBe(1);
    expect(logger.messages("error")).toEqual(["writing the audit record failed"]);
  });
});
