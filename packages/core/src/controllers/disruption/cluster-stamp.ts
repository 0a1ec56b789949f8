// Whether anything has changed since a method last found nothing that could make it find something now (D-56).

import {
  isConditionTrue,
  Label,
  NodeClaims,
  NodePools,
  Nodes,
  Pods,
  type Node,
  type NodeClaim,
  type NodePool,
  type Pod,
} from "../../api/index.ts";
import type { ObjectChange } from "../../runtime/index.ts";
import { minutes, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";

/** What has no event, such as a price, is noticed after this time. */
const RENEWED_AFTER: Duration = minutes(5);

export class ClusterStamp {
  readonly #clock: ControllerDeps["clock"];
  readonly #overlays: ControllerDeps["overlays"];
  #seen: unknown;
  #value = 0;
  #since: number;

  constructor({ cache, clock, overlays }: Pick<ControllerDeps, "cache" | "clock" | "overlays">) {
    this.#clock = clock;
    this.#overlays = overlays;
    this.#seen = overlays?.current;
    this.#since = clock.now();
    cache.informer(NodePools).onChange((change) => this.#on(isEdited(change)));
    cache.informer(Nodes).onChange((change) => this.#on(isOtherNode(change)));
    cache.informer(NodeClaims).onChange((change) => this.#on(isOtherClaim(change)));
    cache.informer(Pods).onChange((change) => this.#on(isMoved(change)));
  }

  current(): number {
    const overlays = this.#overlays?.current;
    if (this.#clock.now() - this.#since >= RENEWED_AFTER || overlays !== this.#seen) this.renew();
    this.#seen = overlays;
    return this.#value;
  }

  /** For what happens in memory only. */
  renew(): void {
    this.#value++;
    this.#since = this.#clock.now();
  }

  #on(matters: boolean): void {
    if (matters) this.renew();
  }
}

function isEdited({ before, after }: ObjectChange<NodePool>): boolean {
  return before?.metadata.generation !== after?.metadata.generation || before?.metadata.uid !== after?.metadata.uid;
}

function isOtherNode({ before, after }: ObjectChange<Node>): boolean {
  if (!before || !after) return true;
  const text = ({ metadata }: Node): string => `${metadata.labels?.[Label.Initialized]} ${metadata.deletionTimestamp}`;
  return text(before) !== text(after);
}

/** The conditions are what a claim becomes a candidate by. */
function isOtherClaim({ before, after }: ObjectChange<NodeClaim>): boolean {
  if (!before || !after) return true;
  const text = (claim: NodeClaim): string =>
    [
      claim.metadata.deletionTimestamp,
      ...["Initialized", "Consolidatable", "Drifted"].map((type) => isConditionTrue(claim, type)),
    ].join(" ");
  return text(before) !== text(after);
}

function isMoved({ before, after }: ObjectChange<Pod>): boolean {
  if (!after) return true;
  return before?.spec.nodeName !== after.spec.nodeName && after.spec.nodeName !== undefined;
}
