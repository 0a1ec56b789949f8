// Which label keys users may select on although no object of theirs defines them (S-119, S-512).

import { WELL_KNOWN_LABELS } from "../api/index.ts";
import type { ProviderSettings } from "./settings.ts";

/** Karpenter's, the provider's, and the one that tells its reservations apart. */
export function wellKnownLabelsOf({ wellKnownLabels = [], reservationIdLabel }: ProviderSettings): ReadonlySet<string> {
  const labels = new Set([...WELL_KNOWN_LABELS, ...wellKnownLabels]);
  return reservationIdLabel === undefined ? labels : labels.add(reservationIdLabel);
}
