// Where a plan puts pods: nodes that exist and machines to come, each machine in every shape it may arrive in.

import { Label } from "../../api/index.ts";
import type { NodePool, Pod, Taint } from "../../api/index.ts";
import type { NodeInput, PlannedClaim, PoolInput, ProblemInput, Solution } from "../../scheduling/index.ts";
import { ABSENT, oneOfValues } from "./label-rules.ts";
import type { LabelsOfPlace } from "./label-rules.ts";
import { OfferBook } from "./offer.ts";
import type { Offer, Shape } from "./offer.ts";

export type { Shape } from "./offer.ts";

export interface Place {
  readonly name: string;
  readonly taints: readonly Taint[];
  /** Put there by the plan. */
  readonly placed: readonly Pod[];
  /** There already. */
  readonly bound: readonly Pod[];
  readonly shapes: readonly Shape[];
  /** Of a machine to come: what it may be bought as, in the order of its types. */
  readonly offers: readonly Offer[];
  readonly node?: NodeInput;
  readonly claim?: PlannedClaim;
  readonly pool?: PoolInput;
}

export function placesOf(input: ProblemInput, solution: Solution): readonly Place[] {
  const onNodes = Map.groupBy(solution.existing, ({ node }) => node);
  const nodes = input.nodes.map((node) => {
    const placed = (onNodes.get(node.name) ?? []).flatMap(({ pods }) => pods);
    return existingPlace(node, placed);
  });
  const book = new OfferBook(input.wellKnownLabels);
  return [...nodes, ...solution.newClaims.map((claim, index) => plannedPlace(claim, index, { input, book }))];
}

function existingPlace(node: NodeInput, placed: readonly Pod[]): Place {
  const labels: Readonly<Record<string, string>> = { [Label.Hostname]: node.name, ...node.labels };
  const knowledge: LabelsOfPlace = (key) => (labels[key] === undefined ? ABSENT : oneOfValues(labels[key]));
  const { name, taints, allocatable, volumeLimits } = node;
  const shape: Shape = { name, labels: knowledge, allocatable, ...(volumeLimits && { volumeLimits }) };
  return { name, taints, placed, bound: node.pods, shapes: [shape], offers: [], node };
}

function plannedPlace(
  claim: PlannedClaim,
  index: number,
  { input, book }: { readonly input: ProblemInput; readonly book: OfferBook },
): Place {
  const pool = input.nodePools.find(({ nodePool }) => nodePool.metadata.name === claim.nodePool);
  const offers = book.offersOf(claim);
  return {
    name: `claim ${index} of ${claim.nodePool}`,
    taints: pool?.nodePool.spec.template.spec.taints ?? [],
    placed: claim.pods,
    bound: [],
    shapes: offers.flatMap(({ shapes }) => shapes),
    offers,
    claim,
    ...(pool && { pool }),
  };
}

/** What is known of the labels at a place that takes this shape; a machine to come has its own name for hostname. */
export function labelsAt({ claim, name }: Place, { labels }: Shape): LabelsOfPlace {
  if (claim === undefined) return labels;
  return (key) => (key === Label.Hostname ? oneOfValues(name) : labels(key));
}

/** Places are made anew for each check, so nothing is remembered longer than that. */
const known = new WeakMap<Place, Map<string, readonly string[] | undefined>>();

/** All values a label may take at a place; undefined when that cannot be said. */
export function possibleValues(place: Place, key: string): readonly string[] | undefined {
  const ofPlace = known.get(place) ?? new Map<string, readonly string[] | undefined>();
  if (!ofPlace.has(key)) {
    known.set(place, ofPlace);
    ofPlace.set(key, findValues(place, key));
  }
  return ofPlace.get(key);
}

function findValues({ claim, name, shapes }: Place, key: string): readonly string[] | undefined {
  if (claim && key === Label.Hostname) return shapes.length > 0 ? [name] : [];
  const values = new Set<string>();
  for (const { labels } of shapes) {
    const label = labels(key);
    if (label.kind === "bound") {
      const named = label.by.find(({ operator }) => operator === "In");
      if (named === undefined) return undefined;
      for (const value of named.values ?? []) values.add(value);
    } else if (label.kind === "values") for (const value of label.values) values.add(value);
  }
  return [...values];
}

/** The value that is certain, if one is. */
export function domainOf(place: Place, key: string): string | undefined {
  const values = possibleValues(place, key);
  return values?.length === 1 ? values[0] : undefined;
}

export function isUsable({ nodePool, skipped }: PoolInput): boolean {
  const { metadata, spec, status }: NodePool = nodePool;
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const refuses = ready !== undefined && ready.status !== "True";
  return !skipped && !refuses && metadata.deletionTimestamp === undefined && spec.replicas === undefined;
}
