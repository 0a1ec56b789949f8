// A catalogue of one's own for the simulated cloud, in the JSON of Karpenter's kwok provider (SIM-7).

import { Label } from "@karpenter-multicloud/core/api";
import type { InstanceType, Offering } from "@karpenter-multicloud/core/provider";
import { isLabelValue, requirementErrors, Requirement, Requirements } from "@karpenter-multicloud/core/requirements";
import type { RequirementLike } from "@karpenter-multicloud/core/requirements";
import { allocatableFrom, compareText, type Resources } from "@karpenter-multicloud/core/units";
import { SIMULATED_CURRENCY, SIMULATED_OVERHEAD, SimulatedLabel } from "./catalog.ts";

export class CatalogError extends Error {
  override readonly name = "CatalogError";
}

type Fields = Readonly<Record<string, unknown>>;

const DEFAULT_PODS = "110";

/** In name order; what the file calls unavailable is sold too. @throws CatalogError naming the place */
export function parseCatalog(text: string): readonly InstanceType[] {
  const entries = listAt(parseJson(text), "the catalogue").map((entry, index) => typeAt(entry, `[${index}]`));
  if (entries.length === 0) throw new CatalogError("the catalogue is empty");
  const names = new Set(entries.map(({ name }) => name));
  if (names.size < entries.length) throw new CatalogError("two instance types have the same name");
  return entries.toSorted((a, b) => compareText(a.name, b.name));
}

/** Every key by which offerings differ. */
export function offeringKeys(catalog: readonly InstanceType[]): readonly string[] {
  const keys = catalog.flatMap(({ offerings }) => offerings.flatMap(({ requirements }) => requirements.keys()));
  return [...new Set(keys)].toSorted(compareText);
}

function typeAt(value: unknown, place: string): InstanceType {
  const entry = fieldsAt(value, place);
  const name = textAt(entry["name"], `${place}.name`);
  if (!isLabelValue(name)) throw new CatalogError(`${place}.name ${JSON.stringify(name)} is no label value`);
  const resources = resourcesAt(entry["resources"], `${place}.resources`);
  const offerings = listAt(entry["offerings"], `${place}.offerings`).map((each, index) =>
    offeringAt(each, `${place}.offerings[${index}]`),
  );
  if (offerings.length === 0) throw new CatalogError(`${place}.offerings is empty`);
  const systems = listAt(entry["operatingSystems"], `${place}.operatingSystems`).map((each, index) =>
    textAt(each, `${place}.operatingSystems[${index}]`),
  );
  const valuesOf = (key: string): readonly string[] =>
    offerings.flatMap(({ requirements }) => requirements.get(key).single() ?? []);
  const is = (key: string, ...values: readonly string[]): Requirement => Requirement.of(key, "In", values);
  return {
    name,
    requirements: Requirements.of(
      is(Label.InstanceType, name),
      is(Label.Arch, textAt(entry["architecture"], `${place}.architecture`)),
      is(Label.Os, ...systems),
      is(Label.Zone, ...valuesOf(Label.Zone)),
      is(Label.CapacityType, ...valuesOf(Label.CapacityType)),
      is(SimulatedLabel.Family, familyOf(name)),
      is(SimulatedLabel.Size, sizeOf(name, resources.texts)),
      is(SimulatedLabel.Cpu, resources.texts["cpu"] ?? ""),
      is(SimulatedLabel.Memory, resources.texts["memory"] ?? ""),
      Requirement.of(Label.Region, "DoesNotExist"),
      Requirement.of(Label.WindowsBuild, "DoesNotExist"),
    ),
    offerings,
    capacity: resources.amounts,
    overhead: SIMULATED_OVERHEAD,
  };
}

/** Go writes these fields in capitals: they have no name of their own in its JSON. */
function offeringAt(value: unknown, place: string): Offering {
  const offering = fieldsAt(value, place);
  const amount = offering["Price"];
  if (typeof amount !== "number" || amount < 0) throw new CatalogError(`${place}.Price is no price`);
  const specs = listAt(offering["Requirements"], `${place}.Requirements`).map((each, index) =>
    requirementAt(each, `${place}.Requirements[${index}]`),
  );
  const requirements = Requirements.fromSpecs(specs);
  for (const key of [Label.Zone, Label.CapacityType]) {
    if (requirements.get(key).single() === undefined) throw new CatalogError(`${place} needs one value for ${key}`);
  }
  const { ReservationCapacity: reserved } = offering;
  return {
    requirements,
    price: { amount, currency: SIMULATED_CURRENCY },
    availability: { available: true },
    ...(typeof reserved === "number" && { reservationCapacity: reserved }),
  };
}

function requirementAt(value: unknown, place: string): RequirementLike {
  const { key, operator, values = [] } = fieldsAt(value, place);
  const spec = {
    key: textAt(key, `${place}.key`),
    operator: textAt(operator, `${place}.operator`),
    values: listAt(values, `${place}.values`).map((each, index) => textAt(each, `${place}.values[${index}]`)),
  };
  const [error] = requirementErrors(spec, { wellKnown: new Set([spec.key]), restrictedDomains: [] }).filter(
    // Which capacity types there are is up to the file.
    (each) => !each.includes("possible values"),
  );
  if (error !== undefined) throw new CatalogError(`${place}: ${error}`);
  return spec;
}

function resourcesAt(
  value: unknown,
  place: string,
): { readonly texts: Readonly<Record<string, string>>; readonly amounts: Resources } {
  const given = Object.entries(fieldsAt(value, place)).map(([name, amount]) => [name, String(amount)] as const);
  const texts = { pods: DEFAULT_PODS, ...Object.fromEntries(given) };
  for (const name of ["cpu", "memory"]) if (!(name in texts)) throw new CatalogError(`${place}.${name} is missing`);
  try {
    return { texts, amounts: allocatableFrom(texts) };
  } catch (error) {
    throw new CatalogError(`${place}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** SIM-6. */
function familyOf(name: string): string {
  const [, family] = /^([^.-]+)[.-]/.exec(name) ?? [];
  return family ?? name.slice(0, 1);
}

/** The second half of a name like c5.large, else the number of CPUs. */
function sizeOf(name: string, { cpu = "" }: Readonly<Record<string, string>>): string {
  const [, size] = /^[^.]+\.([^.]+)$/.exec(name) ?? [];
  return size ?? cpu;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CatalogError(`the catalogue is no JSON: ${error instanceof Error ? error.message : ""}`, {
      cause: error,
    });
  }
}

function listAt(value: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new CatalogError(`${place} is no list`);
  return value;
}

function fieldsAt(value: unknown, place: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new CatalogError(`${place} is no object`);
  return value as Fields;
}

function textAt(value: unknown, place: string): string {
  if (typeof value !== "string" || value === "") throw new CatalogError(`${place} is no text`);
  return value;
}
