// How many volumes of each driver a node can have attached, by what is known of it (S-235, S-236).

import type { CSINode } from "../../api/index.ts";
import type { VolumeLimits } from "./attached-volumes.ts";

/**
 * What a driver has announced on the node counts, also when it announced no limit; for drivers that have not started
 * there yet, what the instance type says. Undefined when nothing is limited.
 */
export function volumeLimitsOfNode(
  csiNode: Pick<CSINode, "spec"> | undefined,
  ofType: VolumeLimits | undefined,
): VolumeLimits | undefined {
  const announced = csiNode?.spec.drivers ?? [];
  const names = new Set(announced.map(({ name }) => name));
  const limits = [
    ...Object.entries(ofType ?? {}).filter(([driver]) => !names.has(driver)),
    ...announced.flatMap(({ name, allocatable }) =>
      allocatable?.count === undefined ? [] : [[name, allocatable.count] as const],
    ),
  ];
  return limits.length === 0 ? undefined : Object.fromEntries(limits);
}
