// Which prices nobody knows: of what a pool may buy, and of the nodes it has; in words (users-want 26).

import { Label } from "../../api/index.ts";
import { rateOfNode, type CostedNode } from "../../pricing/index.ts";
import type { InstanceType, Offering } from "../../provider/index.ts";
import { compareText } from "../../units/index.ts";

export interface MissingPrice {
  /** Equal for the same gap. */
  readonly id: string;
  readonly text: string;
}

export function offeringsWithoutPrice(types: readonly InstanceType[]): readonly MissingPrice[] {
  return types.flatMap(({ name, offerings }) =>
    offerings.flatMap((offering) => {
      if (offering.price !== undefined) return [];
      const text = `${name} in ${zoneOf(offering)}, ${capacityTypeOf(offering)}`;
      return [{ id: `${name}/${offering.requirements.toString()}`, text }];
    }),
  );
}

export function nodesWithoutPrice(
  nodes: readonly CostedNode[],
  types: readonly InstanceType[],
): readonly MissingPrice[] {
  return nodes.flatMap((node) => {
    if (rateOfNode(node.labels, types) !== undefined) return [];
    return [{ id: node.name, text: `${node.name}: ${reasonOf(node.labels, types)}` }];
  });
}

/** The first label that leads nowhere: a zone is easily spelled another way by whoever labels the nodes. */
function reasonOf(labels: CostedNode["labels"], types: readonly InstanceType[]): string {
  const type = types.find(({ name }) => name === labels[Label.InstanceType]);
  if (!type) return `the cloud sells no type ${quoted(labels, Label.InstanceType)}`;
  const inZone = type.offerings.filter((offering) => zoneOf(offering) === labels[Label.Zone]);
  if (inZone.length === 0) return `no offering in zone ${quoted(labels, Label.Zone)}, only in ${all(type, zoneOf)}`;
  const same = inZone.filter((offering) => capacityTypeOf(offering) === labels[Label.CapacityType]);
  if (same.length > 0) return "its offering has no price";
  return `no offering of capacity type ${quoted(labels, Label.CapacityType)}, only of ${all(type, capacityTypeOf)}`;
}

function quoted(labels: CostedNode["labels"], key: string): string {
  return `${JSON.stringify(labels[key] ?? "")} (label ${key})`;
}

function all(type: InstanceType, of: (offering: Offering) => string): string {
  return [...new Set(type.offerings.map(of))].toSorted(compareText).join(", ");
}

function zoneOf({ requirements }: Offering): string {
  return requirements.get(Label.Zone).single() ?? "";
}

function capacityTypeOf({ requirements }: Offering): string {
  return requirements.get(Label.CapacityType).single() ?? "";
}
