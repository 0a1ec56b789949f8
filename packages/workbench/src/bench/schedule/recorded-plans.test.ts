// What each workload of the bench costs, as plain figures: a change of the engine that buys more, or places less, is seen here
// and not only by those who run the bench.

import { solve } from "@karpenter-multicloud/core/scheduling";
import { describe, expect, it } from "vitest";
import { planFigures } from "./plan-figures.ts";
import { WORKLOADS } from "./workloads/index.ts";

const SIZE = 200;
/** Of a workload that is a sequence. */
const FIRST = 3;

type Figures = readonly [nodes: number, pricePerHour: string, placed: number, unplaced: number];

function figuresOf(name: string, mode: "parity" | "fast"): Figures {
  const workload = WORKLOADS.find((each) => each.name === name);
  if (workload === undefined) throw new Error(`there is no workload ${name}`);
  const plans = workload
    .problems(SIZE)
    .slice(0, FIRST)
    .map((problem) => planFigures(solve(problem, { mode })));
  const sum = (of: (plan: (typeof plans)[number]) => number): number =>
    plans.reduce((total, plan) => total + of(plan), 0);
  const price = sum(({ pricePerHour = Number.NaN }) => pricePerHour);
  return [sum(({ nodes }) => nodes), price.toFixed(3), sum(({ placed }) => placed), sum(({ unplaced }) => unplaced)];
}

/** In both modes. */
const RECORDED: Readonly<Record<string, Figures>> = {
  diverse: [40, "63.579", 200, 0],
  preference: [200, "125.899", 200, 0],
  "preference-ignore": [1, "63.264", 200, 0],
  deploy: [1, "45.009", 200, 0],
  hostspread: [10, "51.304", 200, 0],
  existing: [0, "0.000", 100, 0],
  manypools: [49, "60.117", 200, 0],
  gpu: [5, "105.547", 200, 0],
  daemon: [40, "65.468", 200, 0],
  unschedulable: [0, "0.000", 0, 200],
  churn: [120, "189.479", 600, 0],
};

describe(`E-96, E-98, E-100, E-103, E-106: plans for ${SIZE} pods or nodes`, () => {
  it("are recorded for each workload", () => {
    expect(Object.keys(RECORDED)).toEqual(WORKLOADS.map(({ name }) => name));
  });

  it.each(Object.keys(RECORDED))("%s costs what it did, in both modes", (name) => {
    expect({ parity: figuresOf(name, "parity"), fast: figuresOf(name, "fast") }).toEqual({
      parity: RECORDED[name],
      fast: RECORDED[name],
    });
  });
});
