import { array, assert, constantFrom, integer, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { allocatableFrom, hours, minutes, seconds, type Resources } from "../../units/index.ts";
import { LEARNED_TTL, LearnedMachines } from "./learned-machines.ts";
import { readRecords, writeRecords } from "./learned-record.ts";

const B3_8 = { nodeClass: "karpenter.test.sh/TestNodeClass/default", instanceType: "b3-8" };
const START = Date.parse("2026-01-01T00:00:00Z");

function world(): { readonly learned: LearnedMachines; readonly pass: (ms: number) => void } {
  let now = START;
  return {
    learned: new LearnedMachines(() => now),
    pass: (ms) => {
      now += ms;
    },
  };
}

function sized(memory: string, cpu = "1900m"): { readonly capacity: Resources; readonly allocatable: Resources } {
  const rest = { pods: "110", "ephemeral-storage": "50Gi" };
  return {
    capacity: allocatableFrom({ cpu: "2", memory: "8Gi", "nvidia.com/gpu": "1", ...rest }),
    allocatable: allocatableFrom({ cpu, memory, "nvidia.com/gpu": "1", ...rest }),
  };
}

function boot(at: number, toRegistered: number, toInitialized = toRegistered + 10) {
  return { at: START + seconds(at), toRegistered: seconds(toRegistered), toInitialized: seconds(toInitialized) };
}

describe("the size of machines", () => {
  it("O-19: is the least that was seen, resource by resource", () => {
    const { learned } = world();
    learned.observe(B3_8, "v1.34.1", sized("7Gi", "1800m"));
    learned.observe(B3_8, "v1.34.2", sized("6Gi", "1900m"));
    learned.observe(B3_8, "v1.34.1", sized("8Gi", "2"));
    expect(learned.size(B3_8)?.allocatable).toMatchObject(allocatableFrom({ memory: "6Gi", cpu: "1800m" }));
  });

  it("O-19: is told apart by type, NodeClass and minor version of the kubelet, of which the newest counts", () => {
    const { learned } = world();
    learned.observe(B3_8, "v1.9.1", sized("5Gi"));
    learned.observe(B3_8, "v1.10.0+rke2", sized("7Gi"));
    learned.observe({ ...B3_8, instanceType: "b3-16" }, "v1.10.0", sized("3Gi"));
    learned.observe({ ...B3_8, nodeClass: "karpenter.test.sh/TestNodeClass/lean" }, "v1.10.0", sized("4Gi"));
    expect(learned.size(B3_8)?.allocatable).toMatchObject(allocatableFrom({ memory: "7Gi" }));
    expect(learned.records()).toHaveLength(3);
  });

  it("says nothing of resources that a device plugin brings, and learns nothing from a node that reports only some", () => {
    const { learned } = world();
    learned.observe(B3_8, "v1.34.1", { ...sized("7Gi"), allocatable: allocatableFrom({ cpu: "2", memory: "7Gi" }) });
    learned.observe(B3_8, "", sized("7Gi"));
    expect(learned.size(B3_8)).toBeUndefined();
    learned.observe(B3_8, "v1.34.1", sized("7Gi"));
    expect(Object.keys(learned.size(B3_8)?.allocatable ?? {})).toEqual(["cpu", "ephemeral-storage", "memory", "pods"]);
  });

  it("changes the version only when a size changes", () => {
    const { learned, pass } = world();
    const versions = [learned.version];
    const look = (memory: string, version = "v1.34.1"): void => {
      learned.observe(B3_8, version, sized(memory));
      versions.push(learned.version);
    };
    look("7Gi");
    look("7Gi");
    look("8Gi");
    learned.booted(B3_8, boot(0, 90));
    versions.push(learned.version);
    look("6Gi");
    look("6Gi", "v1.35.0");
    pass(hours(25));
    look("6Gi", "v1.35.0");
    expect(versions).toEqual([0, 1, 1, 1, 1, 2, 3, 3]);
  });

  it("O-19: is forgotten 60 days after it was last seen", () => {
    const { learned, pass } = world();
    learned.observe(B3_8, "v1.34.1", sized("6Gi"));
    pass(LEARNED_TTL - hours(1));
    learned.observe(B3_8, "v1.34.1", sized("7Gi"));
    pass(hours(2));
    expect(learned.size(B3_8)?.allocatable).toMatchObject(allocatableFrom({ memory: "6Gi" }));
    const { version } = learned;
    pass(LEARNED_TTL);
    expect(learned.size(B3_8)).toBeUndefined();
    expect(learned.version).not.toBe(version);
    expect(learned.records()).toEqual([]);
  });
});

describe("boot times", () => {
  it("are percentiles of the last twenty machines", () => {
    const { learned } = world();
    expect(learned.bootTimes(B3_8)).toBeUndefined();
    learned.booted(B3_8, boot(0, 5000));
    for (let n = 1; n <= 20; n++) learned.booted(B3_8, boot(n, n * 10, n * 10 + 30));
    expect(learned.bootTimes(B3_8)).toEqual({
      machines: 20,
      toRegistered: { p50: seconds(100), p95: seconds(190) },
      toInitialized: { p50: seconds(130), p95: seconds(220) },
      registeredToInitialized: { p50: seconds(30), p95: seconds(30) },
    });
  });

  it("count one machine once, whoever tells of it and however often", () => {
    const { learned } = world();
    learned.booted(B3_8, boot(0, 60));
    learned.booted(B3_8, boot(0, 60));
    learned.recall(readRecords(writeRecords(learned.records())));
    expect(learned.bootTimes(B3_8)?.machines).toBe(1);
  });

  it("know nothing of timestamps that are missing, mixed up or of a machine that was taken over", () => {
    const { learned } = world();
    learned.booted(B3_8, boot(0, -1, 5));
    learned.booted(B3_8, boot(0, 60, 50));
    learned.booted(B3_8, boot(0, Number.NaN));
    learned.booted(B3_8, { at: START, toRegistered: minutes(121), toInitialized: minutes(122) });
    expect(learned.bootTimes(B3_8)).toBeUndefined();
  });
});

describe("what is written down", () => {
  it("is read back as it was", () => {
    const { learned } = world();
    learned.observe(B3_8, "v1.33.4", sized("7Gi"));
    learned.observe(B3_8, "v1.34.1", sized("6Gi"));
    learned.booted(B3_8, boot(0, 60));
    const text = writeRecords(learned.records());
    const next = world().learned;
    next.recall(readRecords(text));
    expect(writeRecords(next.records())).toBe(text);
    expect(next.size(B3_8)).toEqual(learned.size(B3_8));
    expect(next.bootTimes(B3_8)).toEqual(learned.bootTimes(B3_8));
  });

  it("is the same whichever of two processes puts both together", () => {
    const machine = record({
      type: constantFrom("a", "b"),
      memory: integer({ min: 1, max: 9 }),
      minute: integer({ min: 1, max: 60 }),
    });
    const told = (machines: readonly { type: string; memory: number; minute: number }[]): LearnedMachines => {
      const { learned } = world();
      for (const { type, memory, minute } of machines) {
        const kind = { ...B3_8, instanceType: type };
        learned.observe(kind, "v1.34.1", sized(`${memory}Gi`));
        learned.booted(kind, boot(minute * 60, memory));
      }
      return learned;
    };
    assert(
      property(array(machine, { maxLength: 15 }), array(machine, { maxLength: 15 }), (ours, theirs) => {
        const [here, there] = [told(ours), told(theirs)];
        const [before, after] = [here.records(), there.records()];
        here.recall(after);
        there.recall(before);
        const sizes = (all: LearnedMachines) => all.records().map(({ kind }) => [kind, all.size(kind)?.allocatable]);
        expect(sizes(here)).toEqual(sizes(there));
      }),
    );
  });

  it("stays far below what a ConfigMap takes, without the kinds that were not seen for the longest time", () => {
    const { learned, pass } = world();
    for (let type = 0; type < 600; type++) {
      const kind = {
        nodeClass: `karpenter.test.sh/TestNodeClass/${"x".repeat(63)}`,
        instanceType: `a-very-long-name-of-a-type-${type}`,
      };
      for (const minor of [33, 34, 35]) learned.observe(kind, `v1.${minor}.1`, sized("6Gi"));
      for (let n = 0; n < 20; n++) learned.booted(kind, boot(type * 60 + n, 1000 + n));
      pass(seconds(60));
    }
    const text = writeRecords(learned.records());
    expect(text.length).toBeLessThan(700_000);
    const kept = readRecords(text).map(({ kind }) => kind.instanceType);
    expect(kept).toHaveLength(400);
    expect(kept).toContain("a-very-long-name-of-a-type-599");
    expect(kept).not.toContain("a-very-long-name-of-a-type-199");
  });

  it.each([
    ["", "JSON"],
    ["{}", "format undefined is not 1"],
    ["[]", "format undefined is not 1"],
    ['{"format":2,"records":[]}', "format 2 is not 1"],
    ['{"format":1,"records":[{}]}', "a record names no machine"],
    ['{"format":1,"records":[{"nodeClass":"a","instanceType":"b"}]}', "undefined"],
  ])("%s is refused", (text, why) => {
    expect(() => readRecords(text)).toThrow(why);
  });

  it("is refused when an amount is none", () => {
    const entry = { nodeClass: "a", instanceType: "b", sizes: [], boots: [[1, -5, 7]] };
    expect(() => readRecords(JSON.stringify({ format: 1, records: [entry] }))).toThrow("-5 is no amount");
  });
});
