import { describe, expect, it } from "vitest";
import { attemptAll } from "./attempt-all.ts";

describe("attemptAll", () => {
  it("goes on after a failure and throws it at the end", async () => {
    const done: number[] = [];
    const work = async (n: number) => {
      if (n === 1) throw new Error("one failed");
      done.push(n);
    };
    await expect(attemptAll([0, 1, 2], work)).rejects.toThrow("one failed");
    expect(done).toEqual([0, 2]);
  });

  it("keeps every failure when there are several", async () => {
    const failing = async (n: number) => {
      throw new Error(`${n} failed`);
    };
    const error: unknown = await attemptAll([1, 2], failing).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors.map(String)).toEqual(["Error: 1 failed", "Error: 2 failed"]);
  });
});
