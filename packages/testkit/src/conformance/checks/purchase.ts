// What the checks buy: the types the subject named, cheapest first, and how an error reads in a failure message.

import { Label, type NodeClaim } from "@karpenter-multicloud/core/api";
import { findProviderError, type InstanceType, type Offering } from "@karpenter-multicloud/core/provider";
import { Requirements } from "@karpenter-multicloud/core/requirements";
import { compareRates, compareText, type HourlyRate } from "@karpenter-multicloud/core/units";
import type { Stage } from "../../stage/index.ts";
import { breach } from "../check.ts";

export interface Choice {
  readonly type: string;
  readonly zone: string;
  readonly capacityType: string;
  readonly price: HourlyRate | undefined;
}

/** Available offerings within the subject's requirements, cheapest first. @throws when there is none */
export async function choices(stage: Stage): Promise<readonly Choice[]> {
  const found = choicesAmong(await stage.types(), stage);
  if (found.length === 0) {
    breach("getInstanceTypes has no available offering within the requirements that the subject hands in");
  }
  return found;
}

function choicesAmong(types: readonly InstanceType[], { cloud }: Stage): readonly Choice[] {
  const wanted = Requirements.fromSpecs(cloud.requirements);
  return types
    .filter((type) => wanted.overlaps(type.requirements))
    .flatMap((type) =>
      type.offerings
        .filter(({ availability, requirements }) => availability.available && wanted.overlaps(requirements))
        .map((offering) => ({ type: type.name, ...placeOf(offering), price: offering.price })),
    )
    .sort((a, b) => compareRates(a.price, b.price) || compareText(a.type, b.type) || compareText(a.zone, b.zone));
}

export async function cheapest(stage: Stage): Promise<Choice> {
  const [first] = await choices(stage);
  return first ?? breach("nothing is for sale");
}

/** Distinct types, cheapest first. */
export async function typeNames(stage: Stage): Promise<readonly string[]> {
  return [...new Set((await choices(stage)).map(({ type }) => type))];
}

export function placeOf({ requirements }: Offering): { readonly zone: string; readonly capacityType: string } {
  return {
    zone: requirements.get(Label.Zone).single() ?? "",
    capacityType: requirements.get(Label.CapacityType).single() ?? "",
  };
}

export function offeringsOf(types: readonly InstanceType[], name: string, zone?: string): readonly Offering[] {
  const all = types.find((type) => type.name === name)?.offerings ?? [];
  return zone === undefined ? all : all.filter((offering) => placeOf(offering).zone === zone);
}

export function idOf(claim: NodeClaim): string {
  return claim.status?.providerID ?? "";
}

/** "PROVIDER_TRANSIENT (…)", "Error (…)", "nothing". */
export function told(error: unknown): string {
  if (error === undefined) return "nothing";
  const known = findProviderError(error);
  if (known !== undefined) return `${known.code} (${known.message})`;
  return error instanceof Error ? `${error.name} (${error.message})` : "something that is no Error";
}

/** What `promise` came to, as a value. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error: unknown) => error ?? new Error("rejected with nothing"),
  );
}
