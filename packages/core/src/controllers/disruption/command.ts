// One running command, the phase it is in, and what its replacements' progress means for it (D-112 to D-126). Pure.

import { isConditionTrue, type NodeClaim } from "../../api/index.ts";
import type { ProposedCommand } from "../../disruption/index.ts";
import { milliseconds, minutes, type Duration } from "../../units/index.ts";

interface Common {
  readonly id: string;
  readonly proposed: ProposedCommand;
  readonly createdAt: number;
  /** When it is looked at again. */
  readonly dueAt: number;
}

/** It waits out the validation delay (D-107). */
export type WaitingCommand = Common & { readonly phase: "waiting" };

/** Its nodes are tainted; late pods get a moment to show up (DX-23). */
export type TaintedCommand = Common & {
  readonly phase: "tainted";
  /** Uids of the pods that were there when it was decided; any other one came late. */
  readonly knownPods: ReadonlySet<string>;
};

/** Its replacements are ordered, or none is needed; its nodes count as leaving. */
export type StartingCommand = Common & {
  readonly phase: "starting";
  readonly replacements: readonly string[];
  /** Those that were Initialized once; a later NotReady does not matter (D-121). */
  readonly initialized: ReadonlySet<string>;
  /** Nodes whose claims are deleted by now. */
  readonly deleted: ReadonlySet<string>;
};

export type RunningCommand = WaitingCommand | TaintedCommand | StartingCommand;

/** Nothing of it has been done that could not be taken back without a trace. */
export function isEarly({ phase }: RunningCommand): boolean {
  return phase !== "starting";
}

/**
 * Drift plans a machine for whatever finds no place meanwhile; those for pods that wait, or flee from elsewhere, are
 * ordered by the provisioner already (DT-105). What consolidation proposes is for its own pods, or it proposes nothing.
 */
export function ownReplacements(proposed: ProposedCommand): ProposedCommand {
  if (proposed.method !== "drift") return proposed;
  const leaving = new Set(proposed.nodes);
  const replacements = proposed.replacements.filter(({ pods }) =>
    pods.some(({ spec }) => leaving.has(spec.nodeName ?? "")),
  );
  return { ...proposed, replacements, decision: replacements.length > 0 ? "replace" : "delete" };
}

export interface Progress {
  readonly initialized: ReadonlySet<string>;
  readonly waitingFor: readonly string[];
  /** Replacements that will never come. */
  readonly lost: readonly string[];
}

/** `claimOf` shows what this process created from the moment it was created. */
export function progressOf(
  { replacements, initialized }: Pick<StartingCommand, "replacements" | "initialized">,
  claimOf: (name: string) => NodeClaim | undefined,
): Progress {
  const seen = new Set(initialized);
  const waitingFor: string[] = [];
  const lost: string[] = [];
  for (const name of replacements) {
    if (seen.has(name)) continue;
    const claim = claimOf(name);
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) lost.push(name);
    else if (isConditionTrue(claim, "Initialized")) seen.add(name);
    else waitingFor.push(name);
  }
  return { initialized: seen, waitingFor, lost };
}

const SHORTEST: Duration = minutes(10);
const LONGEST_BY_LENGTH: Duration = minutes(60);
const LONGEST: Duration = minutes(120);
const PER_NODE = 80;
const AFTER_REGISTRATION: Duration = minutes(5);

/**
 * D-124, DX-35: the longer the queue, the more patience; never less than a machine is given to join, nor than twice the
 * time that such machines were seen to take until they work.
 */
export function commandTimeout(queued: number, registration: Duration, boot = 0): Duration {
  const byLength = Math.min(LONGEST_BY_LENGTH, Math.max(SHORTEST, PER_NODE * queued));
  return milliseconds(Math.max(byLength, Math.min(LONGEST, Math.max(registration + AFTER_REGISTRATION, 2 * boot))));
}
