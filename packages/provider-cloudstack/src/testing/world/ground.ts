// Everything the fake world stands on: its clock and dice, what is on sale, and what the accounts hold.

import type { ClusterBehind } from "@karpenter-multicloud/core/testing/cloud-init";
import type { WorldBasis } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { Durations } from "../durations.ts";
import type { FakeFault } from "../faults.ts";
import type { CloudStackInvariants } from "../invariants.ts";
import type { Switches } from "../switches.ts";
import type { HeldNic, Machine, Row, Volume } from "./records.ts";

export interface Ground extends WorldBasis<Durations, Switches, FakeFault, CloudStackInvariants> {
  readonly cluster: ClusterBehind | undefined;
  /** Machines that may be placed at the same time, by zone's name or "offering/zone"; absent = what the hosts take. */
  readonly capacity: Map<string, number>;
  /** By account, then by number of the resource type. */
  readonly limits: Map<string, Record<string, number>>;
  readonly zones: Row[];
  readonly offerings: Row[];
  readonly diskOfferings: Row[];
  readonly networks: Row[];
  readonly templates: Row[];
  readonly hosts: Row[];
  readonly affinityGroups: Row[];
  readonly keyPairs: Row[];
  readonly securityGroups: Row[];
  readonly userData: Row[];
  readonly machines: Map<string, Machine>;
  readonly volumes: Map<string, Volume>;
  /** Until their machine is expunged. */
  readonly nics: Map<string, HeldNic>;
  /** Of CloudStack's own Kubernetes service. */
  readonly clusters: Row[];
  /** Ids of everything that existed once: asked for by id, they answer with an empty list. */
  readonly removed: Set<string>;
  readonly numbers: { machine: number };
  /** What lists show otherwise than it is. */
  readonly lists: {
    /** Machines that stay away from so many lists. */
    readonly hidden: Map<string, number>;
    /** Machines as they were, tags and all. */
    frozen: readonly Machine[] | undefined;
  };
}

export function zoneNameOf({ zones }: Ground, id: string): string {
  return zones.find((zone) => zone.id === id)?.name ?? "";
}

export function rowOf(rows: readonly Row[], id: string): Row | undefined {
  return rows.find((row) => row.id.toLowerCase() === id.toLowerCase());
}

/** A text field; empty when it is absent. */
export function field(row: Readonly<Record<string, unknown>> | undefined, name: string): string {
  const value = row?.[name];
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

export function amount(row: Readonly<Record<string, unknown>> | undefined, name: string): number {
  const value = row?.[name];
  return typeof value === "number" ? value : Number(typeof value === "string" ? value : 0);
}

/** 2026-11-21T10:00:01+0000: without a colon in the offset. */
export function stamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "+0000");
}
