// Which NodePools could not add a node whatever a pod asks for, because no instance type is left for them (S-125, S-608).

import type { NodePool } from "../../api/index.ts";
import type { ProblemInput } from "../problem.ts";
import { templatesOf } from "../templates.ts";

export interface PoolWithoutTypes {
  readonly nodePool: NodePool;
  /** There are types, but too few different ones for its minValues. */
  readonly becauseOfMinValues: boolean;
}

/** Of the pools that take part; in the order in which they are tried. */
export function poolsWithoutTypes(input: ProblemInput): readonly PoolWithoutTypes[] {
  const { nodePools, wellKnownLabels: wellKnown, normalization, reservedCapacity, reservationIdLabel } = input;
  const context = {
    daemons: [],
    wellKnown,
    ...(normalization && { normalization }),
    ...(reservedCapacity && { reservedCapacity }),
    ...(reservationIdLabel !== undefined && { reservationIdLabel }),
  };
  const minValuesPolicy = input.minValuesPolicy ?? "Strict";
  const empty = templatesOf(nodePools, { ...context, minValuesPolicy }).filter(
    ({ skipped, groups }) => skipped === undefined && groups.length === 0,
  );
  if (empty.length === 0) return [];
  const lenient = templatesOf(
    empty.map(({ pool }) => pool),
    { ...context, minValuesPolicy: "BestEffort" },
  );
  return lenient.map(({ pool, groups }) => ({ nodePool: pool.nodePool, becauseOfMinValues: groups.length > 0 }));
}
