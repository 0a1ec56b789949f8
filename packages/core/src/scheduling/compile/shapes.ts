// Pods that differ only in what they request share one shape: the ways in which they may be tried, as numbers (S-1003, S-1011).

import { Label } from "../../api/index.ts";
import type { Pod } from "../../api/index.ts";
import type { HostPort } from "../host-ports.ts";
import type { Attempt, PodDraft } from "../pod-to-place.ts";
import type { Mount } from "../volumes/pod-volumes.ts";
import type { SelectingGroups } from "../topology/concerned-groups.ts";
import { DISJOINT } from "./requirement-book.ts";
import type { RequirementBook } from "./requirement-book.ts";
import { BY_HOST, INVERSE } from "./topology-table.ts";
import type { TopologyTable } from "./topology-table.ts";

export interface Shape {
  readonly index: number;
  /** One of its pods, read. */
  readonly draft: PodDraft;
  /** The rules that count its pods, as the explanations know them. */
  readonly selecting: SelectingGroups;
  readonly stances: readonly Stance[];
  /** Rules other than inverse ones that count its pods. */
  readonly counted: Int32Array;
  readonly hostPorts: readonly HostPort[];
  readonly mounts: readonly Mount[];
  /** Nothing but room decides whether a place that took one of its pods takes another (S-1013). */
  readonly isPlain: boolean;
}

/** One way to try a pod; each gives up a little more than the one before. */
export interface Stance {
  /** Over all shapes. */
  readonly index: number;
  readonly shape: number;
  readonly attempt: Attempt;
  /** With host name, for real nodes. */
  readonly requirements: number;
  /** Without host name; DISJOINT when no new node could have an allowed one. */
  readonly onNewNode: number;
  /** What each alternative of its volumes asks of the node. Never empty. */
  readonly alternatives: Int32Array;
  /** Without preferences; what topology counts domains by. */
  readonly strict: number;
  /** Rules it has to keep, its own first, then those of pods that refuse it. */
  readonly zonal: Int32Array;
  readonly byHost: Int32Array;
  /** Inverse rules its pods carry: counted wherever they go. */
  readonly carried: Int32Array;
  /** 1 for the rules, zonal first, then by host, that count its own pods too. */
  readonly ownPods: Uint8Array;
}

export interface ShapeReading {
  readonly book: RequirementBook;
  readonly topology: TopologyTable;
}

/** `firstStance`: number of stances of earlier shapes. */
export function shapeOf(draft: PodDraft, index: number, firstStance: number, reading: ShapeReading): Shape {
  const selecting = selectingOf(draft.pod, reading.topology);
  const counted = [...selecting.counted].map(({ id }) => id);
  const stances = draft.attempts.map((attempt, level) =>
    stanceOf(attempt, { index: firstStance + level, shape: index, draft, selecting }, reading),
  );
  const { hostPorts, volumes } = draft;
  return {
    index,
    draft,
    selecting,
    stances,
    counted: Int32Array.from(counted),
    hostPorts,
    mounts: volumes.mounts,
    isPlain:
      counted.length + hostPorts.length + volumes.mounts.length === 0 && stances.length === 1 && stances.every(isFree),
  };
}

/** No rule about places, and no choice between volumes. */
function isFree({ zonal, byHost, carried, alternatives }: Stance): boolean {
  return zonal.length + byHost.length + carried.length === 0 && alternatives.length === 1;
}

interface StancePlace {
  readonly index: number;
  readonly shape: number;
  readonly draft: PodDraft;
  readonly selecting: SelectingGroups;
}

function stanceOf(
  attempt: Attempt,
  { index, shape, draft, selecting }: StancePlace,
  { book, topology }: ShapeReading,
): Stance {
  const groups = [...attempt.topology.owned, ...selecting.inverse];
  const zonal = groups.filter((group) => topology.keyOf[group.id] !== BY_HOST);
  const byHost = groups.filter((group) => topology.keyOf[group.id] === BY_HOST);
  const { alternatives } = draft.volumes;
  return {
    index,
    shape,
    attempt,
    requirements: book.idOf(attempt.requirements),
    onNewNode: onNewNode(attempt, book),
    alternatives: Int32Array.from(alternatives, (each) => book.idOf(each)),
    strict: book.idOf(attempt.strict),
    zonal: Int32Array.from(zonal, ({ id }) => id),
    byHost: Int32Array.from(byHost, ({ id }) => id),
    carried: Int32Array.from(attempt.topology.carried, ({ id }) => id),
    ownPods: Uint8Array.from([...zonal, ...byHost], (group) =>
      Number(topology.kinds[group.id] !== INVERSE && selecting.counted.has(group)),
    ),
  };
}

/** The name of a new node is unknown, so it can only be told what it must not be. */
function onNewNode({ requirements }: Attempt, book: RequirementBook): number {
  if (!requirements.has(Label.Hostname)) return book.idOf(requirements);
  if (requirements.get(Label.Hostname).operator !== "NotIn") return DISJOINT;
  return book.idOf(requirements.without(Label.Hostname));
}

function selectingOf(pod: Pod, { selectors }: TopologyTable): SelectingGroups {
  const groups = selectors.selecting(pod);
  return {
    counted: new Set(groups.filter(({ rule }) => rule.kind !== "inverse")),
    inverse: groups.filter(({ rule }) => rule.kind === "inverse"),
  };
}
