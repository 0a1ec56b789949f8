// What the scenario's cloud sells, with the requirements a type has when it does not say.

import { CapacityType, Label } from "../../../api/index.ts";
import type { RequirementLike } from "../../../requirements/index.ts";
import { compareText } from "../../../units/index.ts";
import { listAt, objectAt, refuseUnknown, textAt } from "./json-shape.ts";
import type { JsonObject } from "./json-shape.ts";
import type { ScenarioInstanceType, ScenarioOffering } from "../scenario.ts";

const TYPE_FIELDS: readonly string[] = ["name", "nodePools", "capacity", "overhead", "requirements", "offerings"];
// prettier-ignore
const OFFERING_FIELDS: readonly string[] = [
  "capacityType", "zone", "price", "available", "requirements", "reservationCapacity", "capacityOverride",
  "overheadOverride",
];
const DEFAULT_PODS = "110";
/** Offerings with the same value share one reservation. */
export const RESERVATION_ID = "karpenter.test.sh/reservation-id";

export function readInstanceType(raw: JsonObject, index: number): ScenarioInstanceType {
  const place = `instanceTypes[${index}]`;
  refuseUnknown(raw, TYPE_FIELDS, place);
  const name = textAt(raw["name"], `${place}.name`);
  const offerings = listAt(raw["offerings"], `${place}.offerings`).map((each, position) =>
    readOffering(each, name, `${place}.offerings[${position}]`),
  );
  const pools = raw["nodePools"];
  return {
    name,
    ...(Array.isArray(pools) && pools.length > 0 && { nodePools: pools.map(String) }),
    capacity: {
      pods: DEFAULT_PODS,
      ...(objectAt(raw["capacity"], `${place}.capacity`) as Readonly<Record<string, string>>),
    },
    overhead: objectAt(raw["overhead"], `${place}.overhead`),
    requirements: withDefaults(name, offerings, requirementsAt(raw["requirements"], `${place}.requirements`)),
    offerings,
  };
}

function readOffering(raw: JsonObject, type: string, place: string): ScenarioOffering {
  refuseUnknown(raw, OFFERING_FIELDS, place);
  const offering = raw as Partial<ScenarioOffering>;
  const capacityType = textAt(raw["capacityType"], `${place}.capacityType`);
  const zone = textAt(raw["zone"], `${place}.zone`);
  const own = requirementsAt(raw["requirements"], `${place}.requirements`);
  const unnamed = capacityType === CapacityType.Reserved && !own.some(({ key }) => key === RESERVATION_ID);
  const id: RequirementLike = { key: RESERVATION_ID, operator: "In", values: [`r-${type}-${zone}`] };
  return {
    ...offering,
    capacityType,
    zone,
    price: offering.price ?? 0,
    available: offering.available ?? true,
    requirements: unnamed ? [...own, id] : own,
  };
}

function requirementsAt(value: unknown, place: string): readonly RequirementLike[] {
  return listAt(value, place).map((each) => ({
    key: textAt(each["key"], `${place}: a key`),
    operator: textAt(each["operator"], `${place}: an operator`),
    ...(Array.isArray(each["values"]) && { values: each["values"].map(String) }),
  }));
}

function withDefaults(
  name: string,
  offerings: readonly ScenarioOffering[],
  own: readonly RequirementLike[],
): readonly RequirementLike[] {
  const sold = offerings.filter(({ available }) => available);
  const defaults: readonly (readonly [string, readonly string[]])[] = [
    [Label.InstanceType, [name]],
    [Label.Arch, ["amd64"]],
    [Label.Os, ["linux"]],
    [Label.Zone, distinct(sold.map(({ zone }) => zone))],
    [Label.CapacityType, distinct(sold.map(({ capacityType }) => capacityType))],
  ];
  const missing = defaults.filter(([key]) => !own.some((requirement) => requirement.key === key));
  return [
    ...own,
    ...missing.map(([key, values]) =>
      values.length > 0 ? { key, operator: "In", values } : { key, operator: "DoesNotExist" },
    ),
  ];
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)].toSorted(compareText);
}
