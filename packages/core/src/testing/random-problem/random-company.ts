// What random pods ask of the places of other pods: spread, affinity, anti-affinity.

import { Label } from "../../api/index.ts";
import type {
  Affinity,
  LabelSelector,
  PodAffinity,
  PodAffinityTerm,
  PodSpec,
  TopologySpreadConstraint,
} from "../../api/index.ts";
import { APPS, has, REVISION, TEAM, uses } from "./draw.ts";
import type { Draw } from "./draw.ts";
import type { Feature } from "./mixes.ts";

export interface Company {
  readonly spread: readonly TopologySpreadConstraint[];
  readonly affinity: Pick<Affinity, "podAffinity" | "podAntiAffinity">;
}

const SPREAD_KEYS: readonly (readonly [Feature, string])[] = [
  ["zone-spread", Label.Zone],
  ["host-spread", Label.Hostname],
  ["capacity-spread", Label.CapacityType],
  ["label-spread", TEAM],
];

export function randomCompany(draw: Draw, app: string): Company {
  const { chance } = draw;
  const spread = SPREAD_KEYS.flatMap(([feature, key]) =>
    uses(draw, feature, 0.5) ? [constraint(draw, key, app)] : [],
  );
  const near = uses(draw, "near", 0.4) ? [term(draw, chance.happens(0.6) ? app : chance.pick(APPS))] : [];
  const apart = uses(draw, "apart", 0.4) ? [term(draw, chance.happens(0.6) ? app : chance.pick(APPS))] : [];
  const podAffinity = affinityOf(near, uses(draw, "wished-company", 0.4) ? [term(draw, chance.pick(APPS))] : []);
  const podAntiAffinity = affinityOf(apart, uses(draw, "wished-company", 0.4) ? [term(draw, app)] : []);
  return {
    spread,
    affinity: { ...(podAffinity && { podAffinity }), ...(podAntiAffinity && { podAntiAffinity }) },
  };
}

/** What pods that run already insist on. */
export function boundCarrier({ chance }: Draw): Partial<PodSpec> {
  const topologyKey = chance.pick<string>([Label.Zone, Label.Hostname]);
  const terms = [{ topologyKey, labelSelector: selectorOf(chance.pick(APPS)) }];
  return { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } };
}

function constraint(draw: Draw, topologyKey: string, app: string): TopologySpreadConstraint {
  const { chance } = draw;
  const isSoft = uses(draw, "soft-spread", 0.5);
  return {
    topologyKey,
    maxSkew: chance.pick([1, 1, 2, 4]),
    whenUnsatisfiable: isSoft ? "ScheduleAnyway" : "DoNotSchedule",
    labelSelector: selectorOf(app),
    ...(!isSoft &&
      topologyKey !== Label.Hostname &&
      uses(draw, "min-domains", 0.5) && { minDomains: chance.integer(2, 4) }),
    ...(uses(draw, "spread-policies", 0.5) && { nodeTaintsPolicy: "Honor" as const }),
    ...(uses(draw, "spread-policies", 0.3) && { nodeAffinityPolicy: "Ignore" as const }),
    ...(uses(draw, "revisions", 0.7) && { matchLabelKeys: [REVISION] }),
  };
}

function term(draw: Draw, app: string): PodAffinityTerm {
  const { chance } = draw;
  return {
    topologyKey: chance.pick<string>([Label.Zone, Label.Hostname]),
    labelSelector: selectorOf(app),
    ...(has(draw, "namespaces") && scope(draw)),
  };
}

function scope({ chance }: Draw): Pick<PodAffinityTerm, "namespaces" | "namespaceSelector"> {
  return chance.pick([
    {},
    { namespaces: ["other"] },
    { namespaces: ["default", "other"] },
    { namespaceSelector: {} },
    { namespaceSelector: { matchLabels: { kind: "other" } } },
  ]);
}

function affinityOf(required: readonly PodAffinityTerm[], wished: readonly PodAffinityTerm[]): PodAffinity | undefined {
  if (required.length + wished.length === 0) return undefined;
  return {
    ...(required.length > 0 && { requiredDuringSchedulingIgnoredDuringExecution: required }),
    ...(wished.length > 0 && {
      preferredDuringSchedulingIgnoredDuringExecution: wished.map((podAffinityTerm, index) => ({
        weight: 10 + index,
        podAffinityTerm,
      })),
    }),
  };
}

function selectorOf(app: string): LabelSelector {
  return { matchLabels: { app } };
}
