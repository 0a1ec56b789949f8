// The catalogue as it can be had now: offerings that were refused lately are marked, and the version says when that changed.

import { Label } from "@karpenter-multicloud/core/api";
import type { InstanceType, InstanceTypes, Offering, UnavailableOfferings } from "@karpenter-multicloud/core/provider";
import { Requirement } from "@karpenter-multicloud/core/requirements";
import { placeOf } from "./choose-offering.ts";

export class OfferedTypes {
  readonly #catalog: readonly InstanceType[];
  readonly #unavailable: UnavailableOfferings;
  #known: { readonly version: number; readonly types: InstanceTypes } | undefined;

  constructor(catalog: readonly InstanceType[], unavailable: UnavailableOfferings) {
    this.#catalog = catalog;
    this.#unavailable = unavailable;
  }

  /** The same object until an offering appears or disappears. */
  current(): InstanceTypes {
    const { version } = this.#unavailable;
    if (this.#known?.version !== version) {
      const items = this.#catalog.map((type) => this.#offered(type));
      this.#known = { version, types: { version: String(version), items } };
    }
    return this.#known.types;
  }

  #offered(type: InstanceType): InstanceType {
    const offerings = type.offerings.map((offering): Offering => {
      const availability = this.#unavailable.availability({ instanceType: type.name, ...placeOf(offering) });
      return availability.available ? offering : { ...offering, availability };
    });
    if (offerings.every((offering, i) => offering === type.offerings[i])) return type;
    const available = offerings.filter((offering) => offering.availability.available);
    const keys = [Label.Zone, Label.CapacityType] as const;
    const narrowed = keys.map((key) =>
      Requirement.of(
        key,
        "In",
        available.map((offering) => offering.requirements.get(key).single() ?? ""),
      ),
    );
    return { ...type, offerings, requirements: type.requirements.without(...keys).with(...narrowed) };
  }
}
