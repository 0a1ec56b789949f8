// What befalls nodes whether anybody planned it or not: they get sick and well again, and people delete them. Their pods come and go meanwhile.

import {
  Deployments,
  isConditionTrue,
  Label,
  NodeClaims,
  NodePools,
  Nodes,
  Pods,
  type Node,
  type NodeClaim,
} from "@karpenter-multicloud/core/api";
import { isNotFound, type ObjectKey } from "@karpenter-multicloud/core/kube";
import { milliseconds } from "@karpenter-multicloud/core/units";
import type { Stage } from "../e2e-real/stage.ts";
import { AGE, END, guestPod, HEAL, LEAVERS, PRECIOUS, RENEW, SICK, type Load } from "./load.ts";

const LONGEST_PAUSE_MS = 1000;
const PROTECTED_PART = 0.4;
/** Of a NodePool at once: one more than are repaired. */
const MOST_SICK = 3;

export class Mishaps {
  /** Names of the pods it deleted. */
  readonly deleted = new Set<string>();
  /** Names of the nodes and claims it deleted. */
  readonly byHand = new Set<string>();
  readonly #stage: Stage;
  readonly #load: Load;
  readonly #random: () => number;
  readonly #guests: string[] = [];
  readonly #sick = new Set<string>();
  #names = 0;

  constructor(stage: Stage, load: Load, random: () => number) {
    this.#stage = stage;
    this.#load = load;
    this.#random = random;
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.#step();
      await this.#stage.clock.sleep(milliseconds(this.#random() * LONGEST_PAUSE_MS));
    }
  }

  /** Nothing expires, is sick or is protected any more. */
  async calm(): Promise<void> {
    while (this.#guests.length > 0) await this.#deleteGuest();
    await this.#endPrecious();
    for (const name of this.#sick) await this.#cure(name);
    const body = { spec: { template: { spec: { expireAfter: "Never" } } } };
    for (const { name } of [AGE, RENEW]) await this.#stage.admin.patch(NodePools, { name }, { type: "merge", body });
  }

  async #endPrecious(): Promise<void> {
    const { admin } = this.#stage;
    const note = async (): Promise<void> => {
      const { items } = await admin.list(Pods, { namespace: "default", labelSelector: PRECIOUS });
      for (const { metadata } of items) this.deleted.add(metadata.name ?? "");
    };
    await note();
    for (const { name } of [SICK, END]) {
      await admin.delete(Deployments, { name: `${PRECIOUS}-${name}`, namespace: "default" });
    }
    // One that was created just now goes too.
    await note();
  }

  async #step(): Promise<void> {
    const dice = this.#random();
    if (dice < 0.25) return await this.#sicken();
    if (dice < 0.35) return await this.#cureOne();
    if (dice < 0.65) return await this.#addGuest();
    if (dice < 0.85) return await this.#deleteGuest();
    await this.#deleteByHand();
  }

  async #sicken(): Promise<void> {
    const { name: pool } = this.#pick([SICK, HEAL]) ?? SICK;
    const nodes = (await this.#stage.admin.list(Nodes)).items;
    const there = new Set(nodes.map(({ metadata }) => metadata.name));
    for (const name of this.#sick) if (!there.has(name)) this.#sick.delete(name);
    const node = this.#pick(nodes.filter((each) => isWorking(each, pool)))?.metadata.name;
    if (node === undefined || this.#sick.size >= MOST_SICK) return;
    this.#sick.add(node);
    // Its machine may have gone meanwhile.
    await this.#stage.cloud.sicken(node).catch(() => undefined);
  }

  async #cureOne(): Promise<void> {
    const name = this.#pick([...this.#sick]);
    if (name !== undefined) await this.#cure(name);
  }

  async #cure(name: string): Promise<void> {
    this.#sick.delete(name);
    await this.#stage.cloud.cure(name).catch(() => undefined);
  }

  async #addGuest(): Promise<void> {
    const place = this.#pick(LEAVERS);
    if (place === undefined || this.#guests.length >= this.#load.guests) return await this.#deleteGuest();
    const name = `guest-${++this.#names}`;
    await this.#stage.apply([guestPod(name, place, this.#random() < PROTECTED_PART)]);
    this.#guests.push(name);
  }

  async #deleteGuest(): Promise<void> {
    const [name] = this.#guests.splice(Math.floor(this.#random() * this.#guests.length), 1);
    if (name === undefined) return;
    this.deleted.add(name);
    await ignoringAbsence(this.#stage.admin.delete(Pods, { name, namespace: "default" }));
  }

  /** One of them at a time, or nothing would be left to look at. */
  async #deleteByHand(): Promise<void> {
    const { admin } = this.#stage;
    const { name: pool } = this.#pick([END, END, AGE]) ?? END;
    const claims = (await admin.list(NodeClaims)).items.filter(
      ({ metadata }) => metadata.labels?.[Label.NodePool] === pool,
    );
    if (claims.some(({ metadata }) => metadata.deletionTimestamp !== undefined)) return;
    const claim = this.#pick(claims.filter((each) => isConditionTrue(each, "Initialized")));
    if (claim === undefined) return;
    await this.#delete(claim);
  }

  async #delete({ metadata: { name = "" }, status }: NodeClaim): Promise<void> {
    const { admin } = this.#stage;
    const node: ObjectKey = { name: status?.nodeName ?? "" };
    const isNode = this.#random() < 0.5;
    this.byHand.add(isNode ? node.name : name);
    await ignoringAbsence(isNode ? admin.delete(Nodes, node) : admin.delete(NodeClaims, { name }));
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.#random() * list.length)];
  }
}

function isWorking(node: Node, pool: string): boolean {
  const { labels = {}, deletionTimestamp } = node.metadata;
  const isOurs = labels[Label.NodePool] === pool && labels[Label.Initialized] === "true";
  return isOurs && deletionTimestamp === undefined && isConditionTrue(node, "Ready");
}

async function ignoringAbsence(done: Promise<unknown>): Promise<void> {
  try {
    await done;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
