// The process that measures one line: on its own, so that its first solve is a cold one and its heap is its own.

import { CompileCache, solve } from "@karpenter-multicloud/core/scheduling";
import type { ProblemInput, Solution, SolveOptions } from "@karpenter-multicloud/core/scheduling";
import { checkPlan } from "@karpenter-multicloud/core/testing";
import { measureCold, measureWarm, repetitionsFor, withFreshPods } from "./measure.ts";
import type { MeasureTools } from "./measure.ts";
import { planFigures } from "./plan-figures.ts";
import { profiled } from "./profile.ts";
import type { InputFigures, RowEvent, RowRequest } from "./row.ts";
import { WORKLOADS } from "./workloads/index.ts";

const PROFILED_MS = 2_000;

const engine: (problem: ProblemInput, options: SolveOptions) => Solution = solve;

const request = JSON.parse(process.argv[2] ?? "{}") as RowRequest;
const workload = WORKLOADS.find(({ name }) => name === request.workload);
if (workload === undefined) throw new Error(`there is no workload "${request.workload}"`);
await runRow(request, workload.problems(request.size));
process.disconnect();

async function runRow({ mode, quick, profileTo }: RowRequest, problems: readonly ProblemInput[]): Promise<void> {
  const [problem] = problems;
  if (problem === undefined) throw new Error(`workload "${request.workload}" has no problem`);
  await tell({ kind: "ready", input: inputFigures(problem, problems.length) });
  const cache = new CompileCache();
  const tools: MeasureTools = {
    solve: (each) => engine(each, { mode, cache }),
    stopwatch: () => performance.now(),
    cpu: threadCpuMs,
    collectGarbage: () => globalThis.gc?.(),
    heapBytes: () => process.memoryUsage().heapUsed,
  };
  const cold = measureCold(problem, tools);
  await tell({ kind: "cold", ms: cold.ms });
  const timing = measureWarm(problems, cold, repetitionsFor(cold.ms, quick), tools);
  await tell({ kind: "measured", timing, plan: planFigures(cold.solution) });
  if (profileTo !== undefined) {
    const times = Math.max(1, Math.ceil(PROFILED_MS / Math.max(1, timing.p50Ms)));
    const inputs = Array.from({ length: times }, () => withFreshPods(problem));
    const profile = await profiled(profileTo, () => inputs.forEach((each) => tools.solve(each)));
    await tell({ kind: "profiled", profile });
  }
  const violations = checkPlan(problem, cold.solution);
  await tell({
    kind: "checked",
    violations: violations.map(({ rule, place, detail }) => `${rule} ${place}: ${detail}`),
  });
}

function inputFigures({ pods, nodes, nodePools }: ProblemInput, solves: number): InputFigures {
  return {
    pods: pods.length,
    existingNodes: nodes.length,
    nodePools: nodePools.length,
    instanceTypes: new Set(nodePools.flatMap(({ instanceTypes }) => instanceTypes)).size,
    solves,
  };
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Waits until it is said: what follows keeps this process busy for a long time. */
function tell(event: RowEvent): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) reject(new Error("this file is started by the bench command"));
    else process.send(event, undefined, undefined, (error) => (error ? reject(error) : resolve()));
  });
}
