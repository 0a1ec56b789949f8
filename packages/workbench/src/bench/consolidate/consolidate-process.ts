// The process that measures one line of the consolidate bench.

import { decide, revalidate } from "@karpenter-multicloud/core/disruption";
import type { DisruptionSnapshot, MethodDecision } from "@karpenter-multicloud/core/disruption";
import { CompileCache } from "@karpenter-multicloud/core/scheduling";
import { readScenario, snapshotOf } from "@karpenter-multicloud/core/testing";
import { median, percentile, repetitionsFor } from "../schedule/measure.ts";
import type { ConsolidateFigures, ConsolidateRequest } from "./consolidate-row.ts";
import { consolidateScenario } from "./scenario.ts";

interface Timed {
  readonly ms: number;
  readonly cpuMs: number;
  readonly decision: MethodDecision;
}

const { nodes, quick } = JSON.parse(process.argv[2] ?? "{}") as ConsolidateRequest;
const { snapshot } = snapshotOf(readScenario(consolidateScenario(nodes)));
process.send?.(measure(snapshot));
process.disconnect();

function measure(picture: DisruptionSnapshot): ConsolidateFigures {
  const cache = new CompileCache();
  const cold = timed(picture, cache);
  const { warmUps, counted } = repetitionsFor(cold.ms, quick);
  for (let each = 0; each < warmUps; each++) timed(picture, cache);
  const rounds = Array.from({ length: counted }, () => timed(picture, cache));
  const times = counted > 0 ? rounds.map(({ ms }) => ms) : [cold.ms];
  const [command] = cold.decision.commands;
  return {
    coldMs: cold.ms,
    p50Ms: median(times),
    p95Ms: percentile(times, 0.95),
    counted,
    leastCpuMs: Math.min(cold.cpuMs, ...rounds.map(({ cpuMs }) => cpuMs)),
    candidates: cold.decision.eligible.length,
    removed: command?.nodes.length ?? 0,
    replacements: command?.replacements.length ?? 0,
    savings: command?.savings ?? 0,
  };
}

/** The decision and its validation on the next picture, which is what Karpenter's figure holds too. */
function timed(picture: DisruptionSnapshot, cache: CompileCache): Timed {
  const [now, later] = [nextPicture(picture, cache), nextPicture(picture, cache)];
  globalThis.gc?.();
  const cpuSince = process.cpuUsage();
  const since = performance.now();
  const decision = decide("multi", now);
  const [command] = decision.commands;
  if (command !== undefined && !revalidate(command, later).valid) throw new Error("the command does not hold");
  const ms = performance.now() - since;
  const { user, system } = process.cpuUsage(cpuSince);
  return { ms, cpuMs: (user + system) / 1000, decision };
}

/** As the controller takes one after the other: the types and the pods are the same objects, the nodes are read anew. */
function nextPicture(picture: DisruptionSnapshot, cache: CompileCache): DisruptionSnapshot {
  const nodeInputs = new Map([...picture.nodeInputs].map(([name, input]) => [name, { ...input }]));
  return { ...picture, nodeInputs, cache };
}
