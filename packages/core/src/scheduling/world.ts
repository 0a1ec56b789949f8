// Everything one solve works on: the nodes that are there, the claims planned so far, what the pools can add and how far they may grow.

import { compareText } from "../units/index.ts";
import { daemonPods } from "./daemonsets.ts";
import { LimitLedger } from "./limits.ts";
import { compareNodes, ExistingNode } from "./placement/existing-node.ts";
import { groupsWithinLimits, NewClaim } from "./placement/new-claim.ts";
import { inTrialOrder } from "./placement/order.ts";
import type { Attempt, PodToPlace } from "./pod-to-place.ts";
import type { ProblemInput } from "./problem.ts";
import { templatesOf } from "./templates.ts";
import type { Template } from "./templates.ts";
import { TopologyTracker } from "./topology/tracker.ts";

export class World {
  readonly wellKnown: ReadonlySet<string>;
  readonly nodes: readonly ExistingNode[];
  readonly templates: readonly Template[];
  readonly limits: LimitLedger;
  readonly topology: TopologyTracker;
  /** In the order they were opened. */
  readonly claims: NewClaim[] = [];
  #trialOrder: readonly NewClaim[] = [];

  constructor(input: ProblemInput) {
    const { normalization } = input;
    const reading = normalization && { normalization };
    const daemons = daemonPods(input.daemonSets, normalization);
    this.wellKnown = input.wellKnownLabels;
    this.templates = templatesOf(input.nodePools, { daemons, wellKnown: this.wellKnown, ...reading });
    this.limits = new LimitLedger(input.nodePools, input.nodes);
    this.topology = new TopologyTracker(input, this.templates);
    this.nodes = input.nodes
      .toSorted((a, b) => compareNodes(a, b) || compareText(a.nodePool ?? "", b.nodePool ?? ""))
      .map((node) => new ExistingNode(node, daemons, normalization));
  }

  /** S-307 for each attempt in turn, always from the existing nodes again (S-321). */
  place(pod: PodToPlace): boolean {
    return pod.attempts.some(
      (attempt) => this.#onExisting(pod, attempt) || this.#onPlanned(pod, attempt) || this.#onNew(pod, attempt),
    );
  }

  #onExisting(pod: PodToPlace, attempt: Attempt): boolean {
    const node = this.nodes.find((each) => each.reject(pod, attempt, this.topology) === undefined);
    if (node === undefined) return false;
    node.add(pod);
    this.topology.record(pod.topology, attempt, { requirements: node.labels, taints: node.taints });
    return true;
  }

  #onPlanned(pod: PodToPlace, attempt: Attempt): boolean {
    return this.#trialOrder.some((claim) => this.#join(claim, pod, attempt));
  }

  #onNew(pod: PodToPlace, attempt: Attempt): boolean {
    for (const template of this.templates) {
      const groups = groupsWithinLimits(template, this.limits);
      if ("rejected" in groups || groups.length === 0) continue;
      // A slash cannot stand in a host's name, so no real node is ever called that.
      const claim = new NewClaim(template, groups, `new/${this.claims.length + 1}`);
      if (!this.#join(claim, pod, attempt)) continue;
      this.claims.push(claim);
      this.topology.addHost(claim.host);
      this.#trialOrder = inTrialOrder(this.claims);
      return true;
    }
    return false;
  }

  #join(claim: NewClaim, pod: PodToPlace, attempt: Attempt): boolean {
    const narrowed = claim.tryPod(pod, attempt, this);
    if ("rejected" in narrowed) return false;
    claim.add(pod, narrowed, this.limits);
    const { requirements, template } = claim;
    this.topology.record(pod.topology, attempt, { requirements, taints: template.taints });
    this.#trialOrder = inTrialOrder(this.claims);
    return true;
  }
}
