// The live picture in a terminal: nodes with fill bars, price per hour, pending pods, decisions with reasons.

import type { NodePicture, Picture } from "./picture.ts";

const ESC = "\u001b[";
const BAR = 12;
const COLORS = { dim: "2", bold: "1", red: "31", green: "32", yellow: "33", cyan: "36" } as const;
const PHASE_COLOR = { ordered: "dim", booting: "yellow", ready: "green", draining: "red" } as const;
const DECISIONS = 8;
const PENDING = 4;

/** The whole screen, as lines no longer than `width`. */
export function renderPicture(
  picture: Picture,
  size: { readonly width: number; readonly height: number; readonly title: string },
): readonly string[] {
  const { width, height, title } = size;
  const head = [
    paint("bold", `karpenter-multicloud demo`) + paint("dim", `  ${title}`),
    `${clock(picture.now)}  ${paint("cyan", picture.step)}`,
    "",
    `${paint("bold", `${picture.nodes.length} nodes`)}   ${picture.boundPods} pods running   ${pendingText(picture)}   ` +
      paint("bold", `${picture.pricePerHour.toFixed(4)} ${picture.currency}/h`) +
      `   ${picture.machines} machines in ${picture.pools} pools`,
    "",
  ];
  const pending = pendingLines(picture);
  const decisions = decisionLines(picture);
  const room = Math.max(3, height - head.length - pending.length - decisions.length - 2);
  return [...head, ...nodeLines(picture.nodes, room), ...pending, "", ...decisions].map((line) => clip(line, width));
}

/** Draws over the previous picture. */
export class LiveView {
  readonly #out: NodeJS.WriteStream;
  readonly #title: string;

  constructor(out: NodeJS.WriteStream, title: string) {
    this.#out = out;
    this.#title = title;
    out.write(`${ESC}?25l${ESC}2J`);
  }

  draw(picture: Picture): void {
    const { columns: width = 100, rows: height = 30 } = this.#out;
    const lines = renderPicture(picture, { width, height, title: this.#title }).slice(0, height - 1);
    this.#out.write(`${ESC}H${lines.map((line) => `${line}${ESC}K`).join("\n")}${ESC}J`);
  }

  close(): void {
    this.#out.write(`\n${ESC}?25h`);
  }
}

function nodeLines(nodes: readonly NodePicture[], room: number): readonly string[] {
  if (nodes.length === 0) return [paint("dim", "  no nodes")];
  const lines = nodes.map(nodeLine);
  if (lines.length <= room) return lines;
  return [...lines.slice(0, room - 1), paint("dim", `  … and ${lines.length - room + 1} more`)];
}

function nodeLine(node: NodePicture): string {
  const price = node.pricePerHour === undefined ? "      –" : node.pricePerHour.toFixed(4).padStart(7);
  return (
    `  ${node.name.slice(-36).padEnd(36)} ${node.instanceType.padEnd(8)} ${node.zone.padEnd(14)} ` +
    `${paint(PHASE_COLOR[node.phase], node.phase.padEnd(8))} cpu ${bar(node.cpu)} mem ${bar(node.memory)} ` +
    `${String(node.pods).padStart(3)} pods ${price}/h`
  );
}

function bar(share: number): string {
  const full = Math.round(share * BAR);
  return `${paint(share > 0.95 ? "yellow" : "green", "█".repeat(full))}${paint("dim", "░".repeat(BAR - full))}`;
}

function pendingText(picture: Picture): string {
  const count = picture.pendingPods.length;
  return count === 0 ? paint("green", "0 pending") : paint("yellow", `${count} pending`);
}

function pendingLines({ pendingPods }: Picture): readonly string[] {
  if (pendingPods.length === 0) return [];
  const shown = pendingPods.slice(0, PENDING).map((pod) => pod.metadata.name);
  const more = pendingPods.length > PENDING ? ` and ${pendingPods.length - PENDING} more` : "";
  return ["", `  ${paint("yellow", "waiting:")} ${shown.join(", ")}${more}`];
}

function decisionLines({ decisions }: Picture): readonly string[] {
  const shown = decisions
    .slice(-DECISIONS)
    .map(
      (decision) =>
        `  ${paint("dim", clock(decision.at))} ${paint("bold", decision.verdict)} ${decision.subject}: ${decision.detail}`,
    );
  return [paint("bold", "decisions"), ...shown];
}

/** Time of day of the virtual clock. */
export function clock(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(11, 19);
}

function paint(color: keyof typeof COLORS, text: string): string {
  return `${ESC}${COLORS[color]}m${text}${ESC}0m`;
}

/** Cuts what is visible, never a colour code. */
function clip(line: string, width: number): string {
  let visible = 0;
  let out = "";
  // oxlint-disable-next-line no-control-regex -- the colour codes begin with the escape character
  for (const part of line.split(/(\u001b\[[0-9;?]*[A-Za-z])/)) {
    if (part.startsWith("\u001b")) out += part;
    else {
      out += part.slice(0, Math.max(0, width - visible));
      visible += part.length;
    }
  }
  return out;
}
