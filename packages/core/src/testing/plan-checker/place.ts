// Where a plan puts pods: nodes that exist and machines to come, each machine in every shape it may arrive in.

import { Label } from "../../api/index.ts";
import type { NodePool, Pod, Taint } from "../../api/index.ts";
import type { InstanceType, Offering } from "../../provider/index.ts";
import type { Requirement } from "../../requirements/index.ts";
import type { NodeInput, PlannedClaim, PoolInput, ProblemInput, Solution } from "../../scheduling/index.ts";
import type { Resources } from "../../units/index.ts";
import { ABSENT, mayHold, oneOfValues } from "./label-rules.ts";
import type { Expression, LabelKnowledge, LabelsOfPlace } from "./label-rules.ts";
import { allocatableOfType } from "./pod-needs.ts";

/** One machine as it may turn out. */
export interface Shape {
  readonly name: string;
  readonly labels: LabelsOfPlace;
  readonly allocatable: Resources;
}

export interface Place {
  readonly name: string;
  readonly taints: readonly Taint[];
  /** Put there by the plan. */
  readonly placed: readonly Pod[];
  /** There already. */
  readonly bound: readonly Pod[];
  readonly shapes: readonly Shape[];
  readonly node?: NodeInput;
  readonly claim?: PlannedClaim;
  readonly pool?: PoolInput;
}

export function placesOf(input: ProblemInput, solution: Solution): readonly Place[] {
  const nodes = input.nodes.map((node) => {
    const placed = solution.existing.filter((each) => each.node === node.name).flatMap(({ pods }) => pods);
    return existingPlace(node, placed);
  });
  return [...nodes, ...solution.newClaims.map((claim, index) => plannedPlace(claim, index, input))];
}

function existingPlace(node: NodeInput, placed: readonly Pod[]): Place {
  const labels: Readonly<Record<string, string>> = { [Label.Hostname]: node.name, ...node.labels };
  const knowledge: LabelsOfPlace = (key) => (labels[key] === undefined ? ABSENT : oneOfValues(labels[key]));
  return {
    name: node.name,
    taints: node.taints,
    placed,
    bound: node.pods,
    shapes: [{ name: node.name, labels: knowledge, allocatable: node.allocatable }],
    node,
  };
}

function plannedPlace(claim: PlannedClaim, index: number, input: ProblemInput): Place {
  const name = `claim ${index} of ${claim.nodePool}`;
  const pool = input.nodePools.find(({ nodePool }) => nodePool.metadata.name === claim.nodePool);
  return {
    name,
    taints: pool?.nodePool.spec.template.spec.taints ?? [],
    placed: claim.pods,
    bound: [],
    shapes: claim.instanceTypes.flatMap((type) =>
      launchable(type, claim).map((offering) => ({
        name: `${type.name} in ${placeOfOffering(offering)}`,
        labels: machineLabels({ claim, type, offering, hostname: name, wellKnown: input.wellKnownLabels }),
        allocatable: allocatableOfType(type),
      })),
    ),
    claim,
    ...(pool && { pool }),
  };
}

/** The available offerings of a type that the claim leaves to the cloud. */
export function launchable(type: InstanceType, claim: PlannedClaim): readonly Offering[] {
  const wanted: readonly Expression[] = claim.requirements.toSpecs();
  return type.offerings.filter(({ availability, requirements }) => {
    if (!availability.available) return false;
    return wanted.every((expression) => {
      const label = fromRequirement(requirements.has(expression.key) ? requirements.get(expression.key) : undefined);
      return label === undefined || mayHold(expression, label);
    });
  });
}

interface Machine {
  readonly claim: PlannedClaim;
  readonly type: InstanceType;
  readonly offering: Offering;
  readonly hostname: string;
  readonly wellKnown: ReadonlySet<string>;
}

/** The claim's own labels win over what the cloud reports; what nobody defines the cloud has to fulfil when it is well known. */
function machineLabels({ claim, type, offering, hostname, wellKnown }: Machine): LabelsOfPlace {
  const fixed: Readonly<Record<string, string>> = {
    [Label.Registered]: "true",
    [Label.Initialized]: "true",
    ...claim.labels,
    [Label.Hostname]: hostname,
    [Label.InstanceType]: type.name,
  };
  const asked: readonly Expression[] = claim.requirements.toSpecs();
  return (key) => {
    if (fixed[key] !== undefined) return oneOfValues(fixed[key]);
    const own = asked.filter((expression) => expression.key === key);
    for (const source of [offering.requirements, type.requirements]) {
      const label = source.has(key) ? fromRequirement(source.get(key)) : undefined;
      if (label?.kind === "values") {
        return oneOfValues(...label.values.filter((value) => own.every((each) => mayHold(each, oneOfValues(value)))));
      }
      if (label?.kind === "absent") return ABSENT;
    }
    return wellKnown.has(key) && own.length > 0 ? { kind: "bound", by: own } : ABSENT;
  };
}

/** Undefined when any value is possible. */
function fromRequirement(requirement: Requirement | undefined): LabelKnowledge | undefined {
  if (requirement === undefined || requirement.complement) return undefined;
  return oneOfValues(...requirement.values);
}

function placeOfOffering({ requirements }: Offering): string {
  return `${requirements.get(Label.Zone).single() ?? "?"}/${requirements.get(Label.CapacityType).single() ?? "?"}`;
}

/** All values a label may take at a place; undefined when that cannot be said. */
export function possibleValues({ shapes }: Place, key: string): readonly string[] | undefined {
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

export function isUsable({ nodePool, skipped }: PoolInput): boolean {
  const { metadata, spec, status }: NodePool = nodePool;
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const refuses = ready !== undefined && ready.status !== "True";
  return !skipped && !refuses && metadata.deletionTimestamp === undefined && spec.replicas === undefined;
}
