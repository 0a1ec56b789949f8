// Machines that expire soon count as drifted where their NodePool asks for it, so that a replacement is there in time (DX-29).

import { Annotation, type NodeClaim, type NodePool } from "../../api/index.ts";
import { DurationError, milliseconds, parseDuration, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { expiresAt } from "../nodeclaim-expiration/controller.ts";

/** Of the condition Drifted. */
export const EXPIRING = "Expiring";

export type Expiring =
  | { readonly isDue: true }
  /** `again`: when it will be; absent when it never is. */
  | { readonly isDue: false; readonly again?: Duration };

export class ExpiringCheck {
  readonly #deps: Pick<ControllerDeps, "clock" | "logger">;
  readonly #told = new Map<string, string>();

  constructor(deps: Pick<ControllerDeps, "clock" | "logger">) {
    this.#deps = deps;
  }

  of(claim: NodeClaim, pool: NodePool): Expiring {
    const lead = this.#lead(pool);
    const end = lead && expiresAt(claim);
    if (lead === undefined || end === undefined) return { isDue: false };
    const left = end - lead - this.#deps.clock.now();
    return left > 0 ? { isDue: false, again: milliseconds(left) } : { isDue: true };
  }

  /** What cannot be read asks for nothing, and is told once. */
  #lead({ metadata: { name = "", annotations } }: NodePool): Duration | undefined {
    const text = annotations?.[Annotation.ReplaceBeforeExpiry];
    if (text === undefined) return undefined;
    try {
      const lead = parseDuration(text);
      if (lead > 0) return lead;
    } catch (error) {
      if (!(error instanceof DurationError)) throw error;
    }
    if (this.#told.get(name) !== text) {
      const fields = { NodePool: name, annotation: Annotation.ReplaceBeforeExpiry, value: text };
      this.#deps.logger.error('an annotation is not a positive duration such as "30m", it is ignored', fields);
    }
    this.#told.set(name, text);
    return undefined;
  }
}
