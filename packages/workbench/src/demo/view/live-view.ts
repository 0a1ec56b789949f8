// The live picture in a terminal: nodes with fill bars, price per hour, pending pods, decisions with reasons.

import { nodeTable } from "./node-table.ts";
import { decisionLines } from "./decision-lines.ts";
import { ESC, clip, paint } from "./paint.ts";
import type { Picture } from "./picture.ts";
import { cloudText } from "./plain-view.ts";
import { counted, timeOfDay, wrapped } from "./text-layout.ts";
import type { Screen, View } from "./view.ts";

const DECISIONS_AT_LEAST = 6;
const PENDING = 3;
const DECISION_INDENT = 13;

export interface ScreenSize {
  readonly width: number;
  readonly height: number;
}

/** The whole screen, as lines no longer than `width`, at most `height` of them. */
export function renderPicture(picture: Picture, title: string, { width, height }: ScreenSize): readonly string[] {
  const head = headLines(picture, title);
  const pending = pendingLines(picture);
  const fixed = head.length + pending.length + 2;
  const reserved = Math.min(DECISIONS_AT_LEAST, picture.decisions.length + 1);
  const nodes = nodeLines(picture, width, Math.max(3, height - fixed - reserved));
  const decisions = decisionBlock(picture, width, Math.max(1, height - fixed - nodes.length));
  return [...head, ...nodes, ...pending, "", ...decisions].slice(0, height).map((line) => clip(line, width));
}

/** Draws over the previous picture. */
export class LiveView implements View {
  readonly frameMs = 100;
  readonly #out: Screen;
  readonly #title: string;
  #open = true;

  constructor(out: Screen, title: string) {
    this.#out = out;
    this.#title = title;
    out.write(`${ESC}?25l${ESC}2J`);
  }

  draw(picture: Picture): void {
    const { columns: width = 100, rows = 30 } = this.#out;
    const lines = renderPicture(picture, this.#title, { width, height: rows - 1 });
    this.#out.write(`${ESC}H${lines.map((line) => `${line}${ESC}K`).join("\n")}${ESC}J`);
  }

  close(): void {
    if (this.#open) this.#out.write(`\n${ESC}?25h`);
    this.#open = false;
  }
}

function headLines(picture: Picture, title: string): readonly string[] {
  const { now, step, nodes, boundPods, pricePerHour, currency } = picture;
  return [
    paint("bold", "karpenter-multicloud demo") + paint("dim", `  ${title}`),
    `${paint("dim", "cluster time")} ${timeOfDay(now)}  ${paint("cyan", step)}`,
    "",
    `${paint("bold", counted(nodes.length, "node"))}   ${counted(boundPods, "pod")} running   ${pendingText(picture)}   ` +
      `${paint("bold", `${pricePerHour.toFixed(4)} ${currency}/h`)}   ${cloudText(picture)}`,
    "",
  ];
}

function nodeLines({ nodes }: Picture, width: number, room: number): readonly string[] {
  return nodes.length > 0 ? nodeTable(nodes, width, room) : [paint("dim", "  no nodes")];
}

function pendingText({ pendingPods }: Picture): string {
  const count = pendingPods.length;
  return count === 0 ? paint("green", "0 pending") : paint("yellow", `${count} pending`);
}

function pendingLines({ pendingPods }: Picture): readonly string[] {
  if (pendingPods.length === 0) return [];
  const shown = pendingPods.slice(0, PENDING).map((pod) => pod.metadata.name);
  const more = pendingPods.length > PENDING ? ` and ${pendingPods.length - PENDING} more` : "";
  return ["", `  ${paint("yellow", "waiting:")} ${shown.join(", ")}${more}`];
}

/** The newest that fit, newest last; long ones take several lines. */
function decisionBlock({ decisions }: Picture, width: number, room: number): readonly string[] {
  const lines: string[] = [];
  for (const decision of decisionLines(decisions).toReversed()) {
    const { at, verdict, subject, detail } = decision;
    const [first = "", ...rest] = wrapped(`${verdict} ${subject}: ${detail}`, width - DECISION_INDENT, 2);
    const head = `  ${paint("dim", timeOfDay(at))}   ${paint("bold", verdict)}${first.slice(verdict.length)}`;
    const block = [head, ...rest.map((line) => " ".repeat(DECISION_INDENT) + line)];
    if (lines.length + block.length >= room) break;
    lines.unshift(...block);
  }
  return [paint("bold", "decisions"), ...lines];
}
