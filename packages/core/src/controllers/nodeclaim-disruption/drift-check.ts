// Whether a claim has drifted: what core sees first, what the cloud sells next, what only the provider knows last (D-137).

import type { NodeClaim, NodePool } from "../../api/index.ts";
import { poolDrift, typeDrift, typeMattersAt } from "../../disruption/index.ts";
import { normalizationOf, wellKnownLabelsOf } from "../../provider/index.ts";
import { minutes } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";

/** D-138: a type that was found is not looked for again before this. */
const FOUND_HOLDS = minutes(30);

interface Found {
  readonly uid: string | undefined;
  readonly until: number;
}

export class DriftCheck {
  readonly #deps: Pick<ControllerDeps, "provider" | "clock">;
  /** By name of the claim. */
  readonly #found = new Map<string, Found>();

  constructor(deps: Pick<ControllerDeps, "provider" | "clock">) {
    this.#deps = deps;
  }

  /** Undefined when there is none. An error means that nothing is known. */
  async reasonFor(claim: NodeClaim, pool: NodePool, signal: AbortSignal): Promise<string | undefined> {
    const { provider } = this.#deps;
    const settings = provider.settings();
    const normalization = normalizationOf(settings);
    const ofPool = poolDrift(claim, pool, normalization);
    if (ofPool !== undefined) return ofPool;
    if (this.#isTypeDue(claim)) {
      const { items: instanceTypes } = await provider.getInstanceTypes(pool, { signal });
      const { reservationIdLabel } = settings;
      const ofType = typeDrift(claim, {
        instanceTypes,
        wellKnown: wellKnownLabelsOf(settings),
        normalization,
        ...(reservationIdLabel !== undefined && { reservationIdLabel }),
      });
      if (ofType !== undefined) return ofType;
      const { name = "", uid } = claim.metadata;
      this.#found.set(name, { uid, until: this.#deps.clock.now() + FOUND_HOLDS });
    }
    return (await provider.isDrifted(claim, { signal })) || undefined;
  }

  /** The claim is gone. */
  forget(name: string): void {
    this.#found.delete(name);
  }

  #isTypeDue(claim: NodeClaim): boolean {
    const { name = "", uid } = claim.metadata;
    const now = this.#deps.clock.now();
    const found = this.#found.get(name);
    if (found !== undefined && found.uid === uid && now < found.until) return false;
    return now >= (typeMattersAt(claim) ?? Infinity);
  }
}
