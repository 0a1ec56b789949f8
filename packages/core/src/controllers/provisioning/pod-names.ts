// Pods as a log line names them.

import type { Pod } from "../../api/index.ts";

/** The first few, and how many more there are. */
export function podNames(pods: readonly Pod[], most: number): string {
  const names = pods.map(({ metadata }) => `${metadata.namespace ?? "default"}/${metadata.name ?? ""}`);
  return names.length > most
    ? `${names.slice(0, most).join(", ")} and ${names.length - most} other(s)`
    : names.join(", ");
}
