import { FakeClock, MemoryLogger } from "@karpenter-multicloud/core/testing";
import { describe, expect, it } from "vitest";
import { HeapWatch, heapUse, optionsForLimit } from "./heap-limit.ts";

const GIBIBYTE = 1024 ** 3;
const plain = { execArgv: ["--conditions=kmc-source"], nodeOptions: undefined };

describe("RT-45: the memory limit", () => {
  it("starts Node.js again with three quarters of it for the heap, and its other options", () => {
    expect(optionsForLimit({ memoryLimit: GIBIBYTE }, plain)).toEqual([
      "--conditions=kmc-source",
      "--max-old-space-size=768",
    ]);
  });

  it("does so once, not without a limit, and not where Node.js was given one of its own", () => {
    const limit = { memoryLimit: GIBIBYTE };
    const execArgv = optionsForLimit(limit, plain) ?? [];
    expect(optionsForLimit(limit, { ...plain, execArgv })).toBeUndefined();
    expect(optionsForLimit({ memoryLimit: -1 }, plain)).toBeUndefined();
    for (const nodeOptions of ["--max-old-space-size-percentage=75", "--inspect --max_old_space_size=100"]) {
      expect(optionsForLimit(limit, { ...plain, nodeOptions })).toBeUndefined();
    }
  });

  it("a heap that is nine tenths full is warned of once, and again when it was better meanwhile", async () => {
    const [clock, logger] = [new FakeClock(), new MemoryLogger()];
    let used = 90;
    const watch = new HeapWatch({ clock, logger, use: () => ({ used, limit: 100 }) });
    watch.start();
    const warnings = async (now: number): Promise<number> => {
      used = now;
      await clock.advance(30_000);
      return logger.messages("warn").length;
    };
    expect([await warnings(90), await warnings(91), await warnings(95), await warnings(85)]).toEqual([0, 1, 1, 1]);
    expect([await warnings(95), await warnings(70), await warnings(95)]).toEqual([1, 1, 2]);
    expect(logger.lines[0]?.fields).toEqual({ usedBytes: 91, limitBytes: 100 });
    watch.stop();
    expect([await warnings(10), await warnings(99)]).toEqual([2, 2]);
  });

  it("knows the heap of this process", () => {
    const { used, limit } = heapUse();
    expect(used).toBeGreaterThan(0);
    expect(limit).toBeGreaterThan(used);
  });
});
