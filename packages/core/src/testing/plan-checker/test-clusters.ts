// Small clusters to plant bugs into.

import { Label } from "../../api/index.ts";
import type { PodAffinityTerm, PodSpec, TopologySpreadConstraint } from "../../api/index.ts";
import type { ProblemInput, Solution } from "../../scheduling/index.ts";
import {
  aNodeInput,
  anInstanceType,
  anOffering,
  aPod,
  aPoolInput,
  aProblem,
  pods as severalPods,
} from "../builders/index.ts";
import type { PodOptions } from "../builders/index.ts";
import type { ViolatedRule } from "./index.ts";
import { pods } from "./test-told.ts";
import type { Misreading } from "./test-told.ts";

export interface PlantedBug {
  readonly bug: string;
  readonly rule: ViolatedRule;
  readonly input: ProblemInput;
}

export interface SolverBug extends PlantedBug {
  readonly misreading: Misreading;
}

export interface PlanBug extends PlantedBug {
  readonly change: (plan: Solution) => Solution;
}

export const ZONES = ["zone-a", "zone-b", "zone-c"];
export const everywhere = (price: number) =>
  ZONES.flatMap((zone) => [anOffering({ zone, price }), anOffering({ zone, price: price / 2, capacityType: "spot" })]);
export const small = anInstanceType({ name: "small", cpu: "2", memory: "4Gi", pods: "4", offerings: everywhere(0.1) });
export const large = anInstanceType({
  name: "large",
  cpu: "8",
  memory: "32Gi",
  pods: "20",
  offerings: everywhere(0.4),
});
export const arm = anInstanceType({ name: "arm", cpu: "2", memory: "4Gi", arch: "arm64", offerings: everywhere(0.08) });
export const SOLD = [small, large, arm];

export const NO_SCHEDULE = { key: "dedicated", effect: "NoSchedule" } as const;
export const withTypes = (...instanceTypes: readonly (typeof small)[]): Partial<ProblemInput> => ({
  nodePools: [aPoolInput({ instanceTypes })],
});
export const problem = (changes: Partial<ProblemInput>): ProblemInput =>
  aProblem({ ...withTypes(...SOLD), ...changes });
export const RESERVATION_ID = "example.com/reservation";
/** One machine is paid for already; the same is sold on demand too. */
export const reservedProblem = (changes: Partial<ProblemInput>): ProblemInput => {
  const { wellKnownLabels } = problem({});
  const reserved = {
    ...anOffering({ zone: "zone-a", price: 0.01, capacityType: "reserved", labels: { [RESERVATION_ID]: "r1" } }),
    reservationCapacity: 1,
  };
  const instanceTypes = [anInstanceType({ cpu: "2", offerings: [reserved, ...everywhere(0.2)] })];
  return problem({
    nodePools: [aPoolInput({ instanceTypes })],
    wellKnownLabels: new Set([...wellKnownLabels, RESERVATION_ID]),
    reservationIdLabel: RESERVATION_ID,
    ...changes,
  });
};
export const wants = (options: PodOptions, count = 1): Partial<ProblemInput> => ({ pods: severalPods(count, options) });
export const required = (topologyKey: string, more: Partial<PodAffinityTerm> = {}) => ({
  requiredDuringSchedulingIgnoredDuringExecution: [
    { labelSelector: { matchLabels: { app: "web" } }, topologyKey, ...more },
  ],
});
export const web = (spec: Partial<PodSpec>, more: PodOptions = {}): PodOptions => ({
  labels: { app: "web" },
  spec,
  ...more,
});
export const spread = (topologyKey: string, more: Partial<TopologySpreadConstraint> = {}) => ({
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: { matchLabels: { app: "web" } },
      ...more,
    } as const,
  ],
});
export const node = (more: Parameters<typeof aNodeInput>[0] = {}) =>
  aNodeInput({ labels: { [Label.Zone]: "zone-a" }, ...more });
export const busy = aPod({ name: "busy", nodeName: "n1", labels: { app: "web" }, requests: { cpu: "3" } });
export const without = (key: keyof PodSpec): Misreading =>
  pods((spec) => ({ containers: [], ...Object.fromEntries(Object.entries(spec).filter(([field]) => field !== key)) }));
export const pinned = { nodeSelector: { [Label.Zone]: "zone-a" } };
export const terms = (...expressions: [string, string, ...string[]][]): PodOptions => ({
  requiredTerms: [expressions],
});
export const initOf = (restartPolicy?: string) => ({
  initContainers: [{ name: "i", resources: { requests: { cpu: "3" } }, ...(restartPolicy && { restartPolicy }) }],
});
