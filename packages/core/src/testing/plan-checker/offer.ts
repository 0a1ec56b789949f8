// What a claim leaves to the cloud: of each listed type the offerings it may become, and the machine each of them makes.

import { CapacityType, Label } from "../../api/index.ts";
import type { InstanceType, Offering } from "../../provider/index.ts";
import type { Requirement } from "../../requirements/index.ts";
import type { PlannedClaim } from "../../scheduling/index.ts";
import type { Resources } from "../../units/index.ts";
import { ABSENT, mayHold, oneOfValues } from "./label-rules.ts";
import type { Expression, LabelKnowledge, LabelsOfPlace } from "./label-rules.ts";
import { allocatableOfOffering, shortOf } from "./pod-needs.ts";

/** One machine as it may turn out. */
export interface Shape {
  readonly name: string;
  /** Of a machine to come without the hostname, which alone differs between claims that ask alike. */
  readonly labels: LabelsOfPlace;
  readonly allocatable: Resources;
  readonly volumeLimits?: NonNullable<InstanceType["volumeLimits"]>;
}

export interface Offer {
  readonly type: InstanceType;
  /** What is available, left to the cloud by the claim and large enough for it. */
  readonly buyable: readonly Offering[];
  /** What is reserved of what is left to the cloud, large enough or not. */
  readonly reserved: readonly Offering[];
  /** Of what can be bought; where nothing is large enough, of what the pods would be put on all the same. */
  readonly shapes: readonly Shape[];
}

/** Most claims of a plan ask alike: what a type is to them is found out once. Lives as long as one check. */
export class OfferBook {
  readonly #wellKnown: ReadonlySet<string>;
  readonly #byAsking = new Map<string, Map<InstanceType, Offer>>();

  constructor(wellKnown: ReadonlySet<string>) {
    this.#wellKnown = wellKnown;
  }

  offersOf(claim: PlannedClaim): readonly Offer[] {
    const wanted = claim.requirements.toSpecs();
    const asking = JSON.stringify([claim.nodePool, wanted, claim.labels]);
    const known = this.#byAsking.get(asking) ?? new Map<InstanceType, Offer>();
    this.#byAsking.set(asking, known);
    return claim.instanceTypes.map((type) => {
      const offer = known.get(type) ?? this.#offer(type, claim, wanted);
      known.set(type, offer);
      return largeEnough(offer, claim);
    });
  }

  #offer(type: InstanceType, { labels }: PlannedClaim, wanted: readonly Expression[]): Offer {
    const offerings = launchable(type, wanted);
    const shapes = offerings.map((offering) => ({
      name: `${type.name} in ${placeOfOffering(offering)}`,
      labels: remembered(machineLabels({ labels, wanted, type, offering, wellKnown: this.#wellKnown })),
      allocatable: allocatableOfOffering(type, offering),
      ...(type.volumeLimits && { volumeLimits: type.volumeLimits }),
    }));
    return { type, buyable: offerings, reserved: offerings.filter(isReserved), shapes };
  }
}

/** What a claim could buy of a type that it need not list. */
export function buyable(type: InstanceType, claim: PlannedClaim): readonly Offering[] {
  const offerings = launchable(type, claim.requirements.toSpecs());
  return isUneven(type) ? offerings.filter((offering) => isLargeEnough(type, offering, claim)) : offerings;
}

/** Offerings may differ in size: then it depends on the claim which of them the cloud may choose. */
function largeEnough(offer: Offer, claim: PlannedClaim): Offer {
  const { type, buyable: all, shapes } = offer;
  if (!isUneven(type)) return offer;
  const fits = all.map((offering) => isLargeEnough(type, offering, claim));
  if (!fits.includes(true)) return { ...offer, buyable: [] };
  return { ...offer, buyable: all.filter((_, index) => fits[index]), shapes: shapes.filter((_, index) => fits[index]) };
}

export function isReserved({ requirements }: Offering): boolean {
  return requirements.get(Label.CapacityType).single() === CapacityType.Reserved;
}

function isUneven({ offerings }: InstanceType): boolean {
  return offerings.some(({ capacityOverride, overheadOverride }) => capacityOverride ?? overheadOverride);
}

function isLargeEnough(type: InstanceType, offering: Offering, { requests }: PlannedClaim): boolean {
  return shortOf(requests, allocatableOfOffering(type, offering)).length === 0;
}

function launchable(type: InstanceType, wanted: readonly Expression[]): readonly Offering[] {
  return type.offerings.filter(({ availability, requirements }) => {
    if (!availability.available) return false;
    return wanted.every((expression) => {
      const label = fromRequirement(requirements.has(expression.key) ? requirements.get(expression.key) : undefined);
      return label === undefined || mayHold(expression, label);
    });
  });
}

interface Machine {
  readonly labels: Readonly<Record<string, string>>;
  readonly wanted: readonly Expression[];
  readonly type: InstanceType;
  readonly offering: Offering;
  readonly wellKnown: ReadonlySet<string>;
}

/** The claim's own labels win over what the cloud reports; what nobody defines the cloud has to fulfil when it is well known. */
function machineLabels({ labels, wanted, type, offering, wellKnown }: Machine): LabelsOfPlace {
  const fixed: Readonly<Record<string, string>> = {
    [Label.Registered]: "true",
    [Label.Initialized]: "true",
    ...labels,
    [Label.InstanceType]: type.name,
  };
  return (key) => {
    if (fixed[key] !== undefined) return oneOfValues(fixed[key]);
    const own = wanted.filter((expression) => expression.key === key);
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

function remembered(labels: LabelsOfPlace): LabelsOfPlace {
  const known = new Map<string, LabelKnowledge>();
  return (key) => {
    const label = known.get(key) ?? labels(key);
    known.set(key, label);
    return label;
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
