// The one zone a pending pod can go to, for whoever watches zones run short: by its own words, its volumes and its topology rules (S-610).

import { Label } from "../api/index.ts";
import type { Pod } from "../api/index.ts";
import { Requirements } from "../requirements/index.ts";
import type { Requirement } from "../requirements/index.ts";
import { compareText } from "../units/index.ts";
import { spreadReader } from "./default-spread.ts";
import { optsOutOfNodePools } from "./pod-validity.ts";
import { stancesOf } from "./preferences.ts";
import type { Stance } from "./preferences.ts";
import type { ProblemInput } from "./problem.ts";
import { satisfiableTerms } from "./satisfiable-terms.ts";
import { affinityRule, requiredTermsOf, spreadRule } from "./topology/groups.ts";
import type { TopologyRule } from "./topology/groups.ts";
import { NamespaceBook } from "./topology/namespaces.ts";
import { ZoneCensus } from "./topology/zone-census.ts";
import { VolumeBook } from "./volumes/volume-book.ts";

/** The name of a zone, or: several would do, or none does. */
export type EffectiveZone = string;

const FLEXIBLE: EffectiveZone = "flexible";
const NO_ZONE: EffectiveZone = "none";

export interface ZoneFacts {
  /** What the pod itself requires of its zone, preferences left out. */
  readonly own: Requirement;
  /** OR-ed places from which its volumes can be reached. */
  readonly volumes: readonly Requirements[];
  /** Per topology rule by zone, the zones that it leaves open now. */
  readonly rules: readonly (readonly string[])[];
}

function effectiveZone({ own, volumes, rules }: ZoneFacts): EffectiveZone {
  if (rules.some((zones) => zones.length === 0)) return NO_ZONE;
  const reachable = zonesOfVolumes(volumes);
  const ruled = rules.map((zones) => new Set(zones));
  const [firstRule] = rules;
  const candidates = own.operator === "In" ? [...own.values] : (reachable ?? firstRule);
  if (candidates === undefined) return FLEXIBLE;
  const left = candidates.filter(
    (zone) =>
      own.has(zone) && (reachable === undefined || reachable.includes(zone)) && ruled.every((zones) => zones.has(zone)),
  );
  if (left.length > 1) return FLEXIBLE;
  return left[0] ?? NO_ZONE;
}

/** Pending pods by their effective zone, as things stand before the solve; in name order. */
export function effectiveZones(input: ProblemInput): ReadonlyMap<EffectiveZone, number> {
  const reader = new ZoneReader(input);
  const counts = new Map<EffectiveZone, number>();
  for (const pod of input.pods) {
    if (pod.spec.nodeName || (pod.status?.phase ?? "Pending") !== "Pending" || optsOutOfNodePools(pod)) continue;
    const zone = reader.zoneOf(pod);
    if (zone === undefined) continue;
    counts.set(zone, (counts.get(zone) ?? 0) + 1);
  }
  return new Map([...counts].toSorted(([a], [b]) => compareText(a, b)));
}

/** Undefined when some alternative can be reached from any zone. */
function zonesOfVolumes(volumes: readonly Requirements[]): readonly string[] | undefined {
  const zones = volumes.map((alternative) => alternative.get(Label.Zone));
  if (zones.length === 0 || zones.some(({ operator }) => operator !== "In")) return undefined;
  return [...new Set(zones.flatMap(({ values }) => [...values]))];
}

class ZoneReader {
  readonly #input: ProblemInput;
  readonly #volumes: VolumeBook;
  readonly #census: ZoneCensus;
  readonly #spreadOf: ReturnType<typeof spreadReader>;
  readonly #namespaces: NamespaceBook;
  readonly #known = new Map<string, EffectiveZone | undefined>();

  constructor(input: ProblemInput) {
    this.#input = input;
    this.#volumes = new VolumeBook(input.storage, input.normalization);
    this.#census = new ZoneCensus(input);
    this.#spreadOf = spreadReader(input.defaultSpread);
    this.#namespaces = new NamespaceBook(input);
  }

  /** Undefined for a pod that cannot be planned with at all. */
  zoneOf(pod: Pod): EffectiveZone | undefined {
    const { nodeSelector, affinity, volumes, tolerations } = pod.spec;
    const spread = this.#spreadOf(pod);
    if (nodeSelector === undefined && affinity === undefined && !volumes?.length && spread.length === 0)
      return FLEXIBLE;
    const { namespace, labels } = pod.metadata;
    const key = JSON.stringify([namespace, labels, nodeSelector, affinity, volumes, tolerations, spread]);
    if (!this.#known.has(key)) this.#known.set(key, this.#read(pod));
    return this.#known.get(key);
  }

  #read(pod: Pod): EffectiveZone | undefined {
    const { normalization, preferencePolicy: policy = "Respect" } = this.#input;
    const { terms } = satisfiableTerms(pod, normalization);
    const [stance] = stancesOf(pod, terms, { policy, preferencesAreTainted: false, spreadOf: this.#spreadOf });
    const volumes = this.#volumes.needsOf(pod);
    if (stance === undefined) return undefined;
    if ("reason" in volumes) return volumes.reason === "VolumeTopology" ? NO_ZONE : undefined;
    const own = (stance.terms[0] ?? Requirements.empty).get(Label.Zone);
    const rules = this.#rulesOf(pod, stance).filter(({ key }) => key === Label.Zone);
    const open = rules.map((rule) => this.#census.openZones(rule, pod, own));
    return effectiveZone({ own, volumes: volumes.alternatives, rules: open });
  }

  #rulesOf(pod: Pod, stance: Stance): readonly TopologyRule[] {
    const { normalization } = this.#input;
    const context = { namespaces: this.#namespaces, ...(normalization && { normalization }) };
    const wished = (list: Stance["podAffinity"]) => list.map(({ podAffinityTerm }) => podAffinityTerm);
    const near = [...requiredTermsOf(pod, "podAffinity"), ...wished(stance.podAffinity)];
    const apart = [...requiredTermsOf(pod, "podAntiAffinity"), ...wished(stance.podAntiAffinity)];
    return [
      ...stance.spread.map((constraint) => spreadRule(pod, constraint, stance, context)),
      ...near.map((term) => affinityRule("affinity", pod, term, context)),
      ...apart.map((term) => affinityRule("anti-affinity", pod, term, context)),
    ];
  }
}
