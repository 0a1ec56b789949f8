// The demo as plain lines, for logs and for people without a terminal: steps, decisions, what the cloud runs.

import { decisionLines } from "./decision-lines.ts";
import type { NodePicture, Picture } from "./picture.ts";
import type { View } from "./view.ts";
import { counted, lasted, timeOfDay } from "./text-layout.ts";

export class PlainView implements View {
  readonly #out: { write(text: string): unknown };
  #step: { readonly title: string; readonly since: number } | undefined;
  #seen = 0;
  #cloud = "";
  #ready: ReadonlySet<string> = new Set();
  #last: Picture | undefined;

  constructor(out: { write(text: string): unknown }) {
    this.#out = out;
  }

  draw(picture: Picture): void {
    const isNewStep = picture.step !== this.#step?.title;
    this.#sayDecisions(picture, isNewStep ? Infinity : picture.now);
    this.#sayCloud(picture);
    this.#sayNodes(picture);
    if (isNewStep) this.#begin(picture);
    this.#last = picture;
  }

  close(): void {
    if (this.#last === undefined) return;
    this.#sayDecisions(this.#last, Infinity);
    this.#end(this.#last);
    this.#last = undefined;
  }

  #begin(picture: Picture): void {
    this.#end(picture);
    this.#step = { title: picture.step, since: picture.now };
    this.#out.write(`${timeOfDay(picture.now)} == ${picture.step}\n`);
  }

  #end({ now, boundPods, pendingPods, nodes, pricePerHour, currency }: Picture): void {
    if (this.#step === undefined) return;
    const after = lasted(Math.round((now - this.#step.since) / 1000));
    const waiting = pendingPods.length === 0 ? "" : `, ${counted(pendingPods.length, "pod")} still waiting`;
    const price = nodes.length === 0 ? "" : ` at ${pricePerHour.toFixed(4)} ${currency}/h`;
    this.#say(
      now,
      `after ${after}: ${counted(boundPods, "pod")} on ${counted(nodes.length, "node")}${price}${waiting}`,
    );
  }

  /** Those of the present moment wait for their like, so that they are told together. */
  #sayDecisions({ decisions }: Picture, before: number): void {
    const due = decisions.slice(this.#seen).filter(({ at }) => at < before);
    this.#seen += due.length;
    for (const { at, verdict, subject, detail } of decisionLines(due)) {
      this.#say(at, `${verdict} ${subject}: ${detail}`);
    }
  }

  #sayCloud(picture: Picture): void {
    const text = cloudText(picture);
    if (text === this.#cloud) return;
    const known = this.#cloud !== "";
    this.#cloud = text;
    if (known || picture.machines > 0) this.#say(picture.now, `cloud: ${text}`);
  }

  #sayNodes({ now, nodes }: Picture): void {
    const ready = nodes.filter(({ phase }) => phase === "ready").map(({ name }: NodePicture) => name);
    const fresh = ready.filter((name) => !this.#ready.has(name));
    this.#ready = new Set([...this.#ready, ...ready]);
    for (const name of fresh) this.#say(now, `node ${name} is ready`);
  }

  #say(at: number, text: string): void {
    this.#out.write(`${timeOfDay(at)}    ${text}\n`);
  }
}

/** "2 machines in 1 pool"; clouds without pools do not speak of them. */
export function cloudText({ machines, pools, nodes }: Pick<Picture, "machines" | "pools" | "nodes">): string {
  const inPools = pools === 0 ? "" : ` in ${counted(pools, "pool")}`;
  if (machines === 0 && pools === 0) return "no machines";
  if (machines > 0 || nodes.length > 0) return `${counted(machines, "machine")}${inPools}`;
  return `no machines, ${counted(pools, "empty pool")} kept for a while in case pods come back`;
}
