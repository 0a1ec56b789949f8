// What happens while nodes leave: pods come and go, workloads grow and shrink, a NodePool gets a new edition. All from one seed.

import {
  DISRUPTED_TAINT,
  Deployments,
  hasTaint,
  Label,
  NodeClaims,
  NodePools,
  Pods,
  type Node,
  type NodeClaim,
} from "@karpenter-multicloud/core/api";
import { isNotFound } from "@karpenter-multicloud/core/kube";
import { milliseconds } from "@karpenter-multicloud/core/units";
import type { Stage } from "../e2e-real/stage.ts";
import type { History } from "../e2e-real/history.ts";
import { BREATH, EBB, forcedPod, PACK, passingPod, PLACES, ROLL, takerPod, type Load, type Place } from "./load.ts";

const LONGEST_PAUSE_MS = 600;
/** After a node was marked; the product looks at its pods two seconds after that. */
const LONGEST_LAG_MS = 1200;
/** Packed pods are left alone for so long, then not for as long: what moves all the time is never packed better. */
const REST_MS = 8000;
const FORCED_PART = 0.3;
/** Of drifted ones: each that is kept holds all drifted nodes of its pool back for a while. */
const FORCED_PART_OF_DRIFT = 0.1;
/** Of the nodes that replace drifted ones. */
const TAKEN_PART = 0.2;

export class Chaos {
  /** Names of the pods it deleted. */
  readonly deleted = new Set<string>();
  readonly #stage: Stage;
  readonly #load: Load;
  readonly #random: () => number;
  readonly #passing: { readonly name: string; readonly place: Place }[] = [];
  readonly #forced: Promise<void>[] = [];
  #names = 0;
  #edition = 0;

  constructor(stage: Stage, load: Load, random: () => number) {
    this.#stage = stage;
    this.#load = load;
    this.#random = random;
  }

  /** Some of the nodes that are marked get a pod all the same, and some of those that come in their place. */
  surprise(history: History, isOver: () => boolean): void {
    const marked = new Set<string>();
    const fresh = new FreshNodes((node) => isOver() || this.#takeFresh(node));
    history.onChange(({ resource, object, type }) => {
      if (resource === "NodeClaim" && type === "SET") fresh.claim(object as NodeClaim);
      if (resource === "Node" && type === "SET") fresh.node(object);
      if (resource !== "Node") return;
      const name = object.metadata.name ?? "";
      const isMarked = type === "SET" && hasTaint((object as Node).spec?.taints, DISRUPTED_TAINT);
      if (!isMarked) return void marked.delete(name);
      if (marked.has(name) || object.metadata.deletionTimestamp) return;
      marked.add(name);
      const place = PLACES.find((each) => each.name === object.metadata.labels?.[Label.NodePool]);
      if (!place || isOver()) return;
      if (this.#random() > (place === ROLL ? FORCED_PART_OF_DRIFT : FORCED_PART)) return;
      this.#forced.push(this.#force(place, name).catch(() => undefined));
    });
  }

  /** Before the node works, so that whoever looks later can see it. */
  #takeFresh(node: string): void {
    if (this.#random() > TAKEN_PART) return;
    const name = `taker-${++this.#names}`;
    this.#passing.push({ name, place: ROLL });
    this.#forced.push(this.#stage.apply([takerPod(name, ROLL, node)]).catch(() => undefined));
  }

  async #force(place: Place, node: string): Promise<void> {
    await this.#stage.clock.sleep(milliseconds(this.#random() * LONGEST_LAG_MS));
    const name = `forced-${++this.#names}`;
    this.#passing.push({ name, place });
    await this.#stage.apply([forcedPod(name, place, node)]);
  }

  async run(isOver: () => boolean): Promise<void> {
    await this.#newEdition();
    while (!isOver()) {
      await this.#step();
      await this.#stage.clock.sleep(milliseconds(this.#random() * LONGEST_PAUSE_MS));
    }
  }

  /** What protects or fills nodes only for the sake of the race goes. */
  async calm(): Promise<void> {
    await Promise.all(this.#forced);
    while (this.#passing.length > 0) await this.#deletePassing();
  }

  async #step(): Promise<void> {
    const dice = this.#random();
    if (dice < 0.08) return await this.#scale(EBB.name, this.#load.ebb);
    if (dice < 0.25 && !this.#packRests()) return await this.#scale(BREATH, this.#load.breath);
    if (dice >= 0.25 && dice < 0.5) return await this.#addPassing();
    if (dice >= 0.5 && dice < 0.72) return await this.#deletePassing(this.#packRests());
    await this.#newEdition();
  }

  async #scale(name: string, most: number): Promise<void> {
    const replicas = Math.floor(this.#random() * (most + 1));
    const key = { namespace: "default", name };
    await this.#stage.admin.patch(Deployments, key, { type: "merge", body: { spec: { replicas } } });
  }

  async #addPassing(): Promise<void> {
    if (this.#passing.length >= this.#load.passing) return await this.#deletePassing(this.#packRests());
    const place = this.#random() < 0.15 ? ROLL : PACK;
    if (place === PACK && this.#packRests()) return await this.#newEdition();
    const name = `passing-${++this.#names}`;
    await this.#stage.apply([passingPod(name, place, this.#random() < 0.25)]);
    this.#passing.push({ name, place });
  }

  #packRests(): boolean {
    return Math.floor(this.#stage.clock.now() / REST_MS) % 2 === 1;
  }

  async #deletePassing(leavesPacked = false): Promise<void> {
    const at = Math.floor(this.#random() * this.#passing.length);
    if (leavesPacked && this.#passing[at]?.place === PACK) return;
    const [passing] = this.#passing.splice(at, 1);
    if (passing === undefined) return;
    const { name } = passing;
    this.deleted.add(name);
    try {
      await this.#stage.admin.delete(Pods, { name, namespace: "default" });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** All nodes of that pool drift; while they still do, nothing is added. */
  async #newEdition(): Promise<void> {
    const claims = (await this.#stage.admin.list(NodeClaims)).items;
    const label = "race.example.com/edition";
    const edition = String(this.#edition);
    if (claims.some(({ metadata: { labels = {} } }) => label in labels && labels[label] !== edition)) return;
    const body = { spec: { template: { metadata: { labels: { [label]: String(++this.#edition) } } } } };
    await this.#stage.admin.patch(NodePools, { name: ROLL.name }, { type: "merge", body });
  }
}

/** Nodes of the NodePool that drifts, told once each as soon as it is known whose they are: its label comes only when a node is ready. */
class FreshNodes {
  readonly #found: (node: string) => void;
  readonly #claimed = new Set<string>();
  readonly #starting = new Map<string, string>();

  constructor(found: (node: string) => void) {
    this.#found = found;
  }

  claim({ metadata, status }: NodeClaim): void {
    if (metadata.labels?.[Label.NodePool] !== ROLL.name || !status?.providerID) return;
    this.#claimed.add(status.providerID);
    this.#match(status.providerID);
  }

  node({ metadata, spec }: Node): void {
    const id = spec?.providerID;
    if (!id || metadata.labels?.[Label.Initialized] === "true") return;
    if (!this.#starting.has(id)) this.#starting.set(id, metadata.name ?? "");
    this.#match(id);
  }

  #match(id: string): void {
    const node = this.#starting.get(id);
    if (!node || !this.#claimed.has(id)) return;
    // Told now: never again.
    this.#starting.set(id, "");
    this.#found(node);
  }
}
