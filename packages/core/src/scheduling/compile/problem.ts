// A scheduling problem in the form the packer works on: everything that can be known before the first pod is placed, as numbers (S-1001).

import type { Pod } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import type { UnsupportedNeed } from "../not-supported.ts";
import type { ProblemInput } from "../problem.ts";
import type { Template } from "../templates.ts";
import type { VolumeBook } from "../volumes/volume-book.ts";
import type { NodeTable, TaintLists } from "./node-table.ts";
import type { PoolTable } from "./pool-table.ts";
import type { RequirementBook } from "./requirement-book.ts";
import type { Shape, Stance } from "./shapes.ts";
import type { TopologyTable } from "./topology-table.ts";

/** How much the pods of one kind ask for. */
export interface RequestVector {
  readonly index: number;
  /** By resource of the problem. */
  readonly amounts: Float64Array;
  /** Resources of which it asks for more than nothing. */
  readonly wanted: Int32Array;
}

export interface RefusedPod {
  readonly pod: Pod;
  readonly need: UnsupportedNeed;
}

export interface CompiledProblem {
  readonly input: ProblemInput;
  readonly book: RequirementBook;
  readonly taintLists: TaintLists;
  readonly volumes: VolumeBook;
  /** In the order they are tried, the skipped ones too. */
  readonly templates: readonly Template[];
  /** Those that can buy something, in the same order. */
  readonly pools: readonly PoolTable[];
  /** Of all templates, those with an offering that is paid for already. */
  readonly reservedTypes: readonly InstanceType[];
  readonly nodes: NodeTable;
  readonly topology: TopologyTable;
  readonly shapes: readonly Shape[];
  /** Of all shapes, by index. */
  readonly stances: readonly Stance[];
  readonly resources: readonly string[];
  readonly vectors: readonly RequestVector[];
  /** Pods to place in queue order (S-313), with their shape and their requests. */
  readonly pods: readonly Pod[];
  readonly shapeOfPod: Int32Array;
  readonly vectorOfPod: Int32Array;
  readonly refused: readonly RefusedPod[];
}
