import { describe, expect, it } from "vitest";
import { aNodeClaim } from "../../testing/builders/index.ts";
import { minutes } from "../../units/index.ts";
import { commandTimeout, progressOf } from "./command.ts";

const MINUTE = 60_000;
const claim = (name: string, conditions: readonly string[]) => aNodeClaim({ name, conditions });

describe("how long a command may take", () => {
  it.each([
    [100, 10 * MINUTE],
    [4000, 10 * MINUTE],
    [10_000, 13 * MINUTE + 20_000],
    [40_000, 53 * MINUTE + 20_000],
    [80_000, 60 * MINUTE],
    [100_000, 60 * MINUTE],
  ])("DT-103: with %d nodes in commands: %d ms", (queued, expected) => {
    expect(commandTimeout(queued, minutes(5))).toBe(expected);
  });

  it("DX-35: twice as long as such machines take, up to two hours", () => {
    expect(commandTimeout(1, minutes(5), minutes(3))).toBe(minutes(10));
    expect(commandTimeout(1, minutes(5), minutes(12))).toBe(minutes(24));
    expect(commandTimeout(1, minutes(5), minutes(90))).toBe(minutes(120));
  });

  it("DX-35: never less than a machine is given to join, and never more than two hours for that", () => {
    expect(commandTimeout(1, minutes(30))).toBe(35 * MINUTE);
    expect(commandTimeout(1, minutes(300))).toBe(120 * MINUTE);
  });
});

describe("the replacements of a command", () => {
  const command = { replacements: ["a", "b"], initialized: new Set<string>() };

  it("DT-100: with one of two Initialized it waits for the other", () => {
    const claims = new Map([
      ["a", claim("a", ["Initialized"])],
      ["b", claim("b", ["Launched"])],
    ]);
    const { initialized, waitingFor, lost } = progressOf(command, (name) => claims.get(name));
    expect([[...initialized], waitingFor, lost]).toEqual([["a"], ["b"], []]);
  });

  it("D-121: one that was Initialized once counts, whatever became of it", () => {
    const { waitingFor, lost } = progressOf({ ...command, initialized: new Set(["a", "b"]) }, () => undefined);
    expect([waitingFor, lost]).toEqual([[], []]);
  });

  it("DT-102: one that is gone, or going, is lost", () => {
    const going = aNodeClaim({ name: "b", conditions: ["Initialized"], deletionTimestamp: "2026-01-01T00:00:00Z" });
    const { lost } = progressOf(command, (name) => (name === "b" ? going : undefined));
    expect(lost).toEqual(["a", "b"]);
  });
});
