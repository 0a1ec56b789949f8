import { describe, expect, it } from "vitest";
import { requestsFrom } from "../units/index.ts";
import { bufferReplicas, type BufferDemand } from "./buffer-replicas.ts";

interface Case {
  readonly spec: BufferDemand["spec"];
  readonly scalable?: number;
  readonly requests?: Readonly<Record<string, string>>;
  readonly count: number;
}

const CASES: readonly (readonly [string, Case])[] = [
  ["TC-58: a quarter of seven is rounded up", { spec: { percentage: 25 }, scalable: 7, count: 2 }],
  ["TC-58: one percent of three is one", { spec: { percentage: 1 }, scalable: 3, count: 1 }],
  ["TC-58: as many as the limits hold", { spec: { limits: { cpu: "1" } }, requests: { cpu: "300m" }, count: 3 }],
  [
    "TC-58: limits cap the replicas",
    { spec: { replicas: 5, limits: { cpu: "1" } }, requests: { cpu: "300m" }, count: 3 },
  ],
  [
    "E-93: higher limits raise what they capped",
    { spec: { replicas: 5, limits: { cpu: "2" } }, requests: { cpu: "300m" }, count: 5 },
  ],
  ["CB-2: replicas alone", { spec: { replicas: 4 }, count: 4 }],
  ["CB-2: the larger one of replicas and percentage", { spec: { replicas: 1, percentage: 50 }, scalable: 8, count: 4 }],
  ["CB-2: … whichever it is", { spec: { replicas: 9, percentage: 50 }, scalable: 8, count: 9 }],
  ["CB-2: seven percent of a hundred is seven", { spec: { percentage: 7 }, scalable: 100, count: 7 }],
  ["CB-2: a percentage may be above 100", { spec: { percentage: 150 }, scalable: 3, count: 5 }],
  ["CB-2: any percentage of nothing is nothing", { spec: { percentage: 50 }, scalable: 0, count: 0 }],
  ["CB-2: no percentage of anything is nothing", { spec: { percentage: 0 }, scalable: 9, count: 0 }],
  ["CB-2: a percentage of nothing that scales is not counted", { spec: { percentage: 50, replicas: 2 }, count: 2 }],
  [
    "CB-2: the tightest limit counts",
    {
      spec: { limits: { cpu: "10", memory: "3Gi" } },
      requests: { cpu: "1", memory: "1Gi" },
      count: 3,
    },
  ],
  [
    "CB-2: limits that nothing asks for are ignored",
    { spec: { replicas: 5, limits: { "example.com/gpu": "1" } }, requests: { cpu: "1" }, count: 5 },
  ],
  ["CB-2: … and say nothing by themselves", { spec: { limits: { memory: "1Gi" } }, requests: { cpu: "1" }, count: 0 }],
  [
    "CB-2: a limit below one pod keeps none",
    { spec: { replicas: 2, limits: { cpu: "1" } }, requests: { cpu: "2" }, count: 0 },
  ],
  [
    "CB-2: a limit of pods",
    { spec: { replicas: 9, limits: { pods: 4 } }, requests: { cpu: "2", pods: "1" }, count: 4 },
  ],
  ["CB-2: nothing said is nothing kept", { spec: {}, scalable: 9, count: 0 }],
];

describe("bufferReplicas", () => {
  it.each(CASES)("%s", (_, { spec, scalable, requests = {}, count }) => {
    const demand = { spec, requests: requestsFrom(requests), ...(scalable === undefined ? {} : { scalable }) };
    expect(bufferReplicas(demand)).toBe(count);
  });
});
