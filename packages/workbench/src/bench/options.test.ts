import { describe, expect, it } from "vitest";
import { BenchError } from "./bench-error.ts";
import { parseBenchOptions } from "./options.ts";
import { BENCHES } from "./registry.ts";
import { WORKLOADS } from "./schedule/workloads/index.ts";

const NAMES = BENCHES.map(({ name }) => name);
const parse = (...argv: string[]) => parseBenchOptions(argv, NAMES);

describe("bench options", () => {
  it("without any: every workload, every mode, a table", () => {
    expect(parse()).toEqual({
      names: [],
      json: false,
      quick: false,
      profile: false,
      workloads: WORKLOADS.map(({ name }) => name),
      modes: ["parity", "fast"],
      help: false,
    });
  });

  it("reads all of them", () => {
    const argv = "schedule --json --quick --profile --sizes 500,1000 --workloads deploy,gpu --modes fast".split(" ");
    expect(parse(...argv)).toEqual({
      names: ["schedule"],
      json: true,
      quick: true,
      profile: true,
      sizes: [500, 1000],
      workloads: ["deploy", "gpu"],
      modes: ["fast"],
      help: false,
    });
  });

  it("does not mind the two dashes some package managers pass on", () => {
    expect(parse("--", "--quick").quick).toBe(true);
  });

  it.each([
    [["sched"], /no bench "sched": choose one of schedule/],
    [["--sizes", "big"], /--sizes "big" .* --sizes 500,1000/],
    [["--sizes", "0"], /--sizes "0"/],
    [["--sizes", "1e3"], /--sizes "1e3"/],
    [["--sizes", "200000"], /from 1 to 100000/],
    [["--sizes", "5,,6"], /--sizes "5,,6" has an empty entry/],
    [["--workloads", "divers"], /--workloads "divers" is unknown: choose from diverse, /],
    [["--modes", "slow"], /--modes "slow" is unknown: choose from parity, fast/],
    [["--fast"], /'--fast'[\s\S]*pnpm bench \[name\]/],
  ])("%j is refused with the flag and the fix", (argv, message) => {
    expect(() => parse(...argv)).toThrow(BenchError);
    expect(() => parse(...argv)).toThrow(message);
  });
});

describe("the workloads", () => {
  it("have names of their own and sizes that may be asked for", () => {
    expect(new Set(WORKLOADS.map(({ name }) => name)).size).toBe(WORKLOADS.length);
    for (const { sizes, quickSizes } of WORKLOADS) {
      expect(parse("--sizes", [...sizes, ...quickSizes].join(",")).sizes).toEqual([
        ...new Set([...sizes, ...quickSizes]),
      ]);
    }
  });
});
