// The nodes as rows of equal columns: what gets narrower first is the name, then the bars.

import { paint } from "./paint.ts";
import type { NodePhase, NodePicture } from "./picture.ts";
import { counted, shortened } from "./text-layout.ts";

const PHASE_COLOR = { ordered: "dim", booting: "yellow", ready: "green", draining: "red" } as const satisfies Record<
  NodePhase,
  string
>;
const NAME_AT_LEAST = 16;
const BAR_AT_LEAST = 4;
const BAR_AT_MOST = 12;
/** Gaps, phase, "cpu", "mem", pods and price. */
const FIXED = 41;

interface Columns {
  readonly name: number;
  readonly type: number;
  readonly zone: number;
  readonly bar: number;
}

/** At most `room` lines; what does not fit is counted. */
export function nodeTable(nodes: readonly NodePicture[], width: number, room: number): readonly string[] {
  const columns = columnsFor(nodes, width);
  const lines = nodes.map((node) => nodeLine(node, columns));
  if (lines.length <= room) return lines;
  return [...lines.slice(0, room - 1), paint("dim", `  … and ${counted(lines.length - room + 1, "more node")}`)];
}

function columnsFor(nodes: readonly NodePicture[], width: number): Columns {
  const longest = (read: (node: NodePicture) => string): number => Math.max(...nodes.map((node) => read(node).length));
  const type = longest((node) => node.instanceType);
  const zone = longest((node) => node.zone);
  const name = longest((node) => node.name);
  const free = width - FIXED - type - zone;
  const bar = Math.min(BAR_AT_MOST, Math.max(BAR_AT_LEAST, Math.floor((free - Math.min(name, 28)) / 2)));
  return { type, zone, bar, name: Math.max(NAME_AT_LEAST, Math.min(name, free - 2 * bar)) };
}

function nodeLine(node: NodePicture, columns: Columns): string {
  const price = node.pricePerHour === undefined ? "–" : `${node.pricePerHour.toFixed(4)}/h`;
  return [
    " ",
    shortened(node.name, columns.name).padEnd(columns.name),
    node.instanceType.padEnd(columns.type),
    node.zone.padEnd(columns.zone),
    paint(PHASE_COLOR[node.phase], node.phase.padEnd(8)),
    `cpu ${bar(node.cpu, columns.bar)}`,
    `mem ${bar(node.memory, columns.bar)}`,
    counted(node.pods, "pod").padStart(8),
    price.padStart(8),
  ].join(" ");
}

function bar(share: number, width: number): string {
  const full = Math.round(share * width);
  return `${paint(share > 0.95 ? "yellow" : "green", "█".repeat(full))}${paint("dim", "░".repeat(width - full))}`;
}
