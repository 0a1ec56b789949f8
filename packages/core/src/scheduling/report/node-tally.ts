// Why each node refuses a pod, counted, and the node that came closest. What nodes that look alike have in common is asked once (S-620, S-621).

import type { PodReason } from "../../reasons/index.ts";
import type { RequestVector } from "../compile/problem.ts";
import type { Shape, Stance } from "../compile/shapes.ts";
import { nearMiss, stageOf } from "../explain/nearest-miss.ts";
import type { Packer } from "../pack/packer.ts";
import { ACCEPTED, UNKNOWN_LABEL, VOLUME_TOPOLOGY } from "../pack/verdict.ts";
import type { CandidateTally } from "../solution.ts";
import { requestsIn } from "./requests-in.ts";
import type { TopologyRefusals } from "./topology-refusals.ts";

export interface Asked {
  readonly shape: Shape;
  readonly stance: Stance;
  readonly vector: RequestVector;
}

/** What every node of one kind answers to one stance. */
interface Answer {
  readonly hasTaint: boolean;
  /** Of the checks after the resources. */
  readonly later: readonly PodReason[];
  /** Neither a zone nor the like is in the way; the host may be. */
  readonly asksHost: boolean;
  /** It lacks a label that some rule is about; said when no rule refuses it for another reason. */
  readonly lacksLabel: boolean;
}

/** What is missing on one node. */
type Shortfall = Pick<Parameters<typeof nearMiss>[0], "request" | "free">;

interface Closest {
  node: number;
  count: number;
  failed: PodReason;
  stage: number;
  shortage: number;
}

const NONE: CandidateTally = { count: 0, byReason: {} };

export class NodeTally {
  readonly #packer: Packer;
  readonly #topology: TopologyRefusals;
  /** By node: number of its kind; and one node of each kind. */
  readonly #kindOf: Int32Array;
  readonly #examples: number[] = [];
  readonly #answers = new Map<Stance, readonly Answer[]>();

  constructor(packer: Packer, topology: TopologyRefusals) {
    const { nodes } = packer;
    this.#packer = packer;
    this.#topology = topology;
    this.#kindOf = new Int32Array(nodes.count);
    const kinds = new Map<string, number>();
    for (let node = 0; node < nodes.count; node++) {
      const text = `${nodes.labelsOf(node)}/${nodes.taintsOf(node)}`;
      const kind = kinds.get(text) ?? this.#examples.push(node) - 1;
      kinds.set(text, kind);
      this.#kindOf[node] = kind;
    }
  }

  /** All failing checks in the order of S-308 decide which node is closest, the first one how it is counted. */
  of({ shape, stance, vector }: Asked): CandidateTally {
    const { nodes } = this.#packer;
    if (nodes.count === 0) return NONE;
    const answers = this.#answersTo(stance);
    const byReason: Partial<Record<PodReason, number>> = {};
    const closest: Closest = {
      node: -1,
      count: Number.POSITIVE_INFINITY,
      failed: "NotEvaluated",
      stage: -1,
      shortage: 0,
    };
    const hasOwnState = shape.draft.isMoving || shape.mounts.length + shape.hostPorts.length + stance.byHost.length > 0;
    let total = 0;
    for (let node = 0; node < nodes.count; node++) {
      const answer = answers[this.#kindOf[node] ?? 0];
      if (answer === undefined) continue;
      const fits = nodes.fits(node, vector);
      let count = Number(answer.hasTaint) + Number(!fits) + answer.later.length + Number(answer.lacksLabel);
      let failed = firstOf(answer, fits);
      if (hasOwnState) {
        const reasons = this.#reasonsOf(node, answer, fits, { shape, stance, vector });
        count = reasons.length;
        failed = reasons[0];
      }
      if (failed === undefined) continue;
      total++;
      byReason[failed] = (byReason[failed] ?? 0) + 1;
      if (count <= closest.count) this.#compare(closest, { node, count, failed }, { shape, stance, vector });
    }
    return { count: total, byReason, ...this.#nearest(closest, { shape, stance, vector }) };
  }

  /** Keeps the closer one: fewest failing checks, then the later first failure, then the smallest shortage. */
  #compare(closest: Closest, { node, count, failed }: Pick<Closest, "node" | "count" | "failed">, asked: Asked): void {
    const isFewer = count < closest.count;
    const stage = failed === closest.failed ? closest.stage : stageOf(failed);
    if (!isFewer && stage < closest.stage) return;
    const shortage = this.#shortage(node, asked);
    if (!isFewer && stage === closest.stage && shortage >= closest.shortage) return;
    Object.assign(closest, { node, count, failed, stage, shortage });
  }

  #nearest({ node, failed }: Closest, asked: Asked): Pick<CandidateTally, "closest"> {
    const name = this.#packer.problem.nodes.inputs[node]?.name;
    if (name === undefined) return {};
    return { closest: nearMiss({ name, failed, ...this.#shortfall(node, asked) }) };
  }

  /** For pods with volumes, ports or rules about hosts: those differ from node to node. */
  #reasonsOf(
    node: number,
    { hasTaint, later, asksHost, lacksLabel }: Answer,
    fits: boolean,
    asked: Asked,
  ): PodReason[] {
    const { nodes } = this.#packer;
    const { shape, stance } = asked;
    const reasons: PodReason[] = [];
    if (shape.draft.isMoving && nodes.isSettling(node)) reasons.push("NodeSettling");
    if (hasTaint) reasons.push("TaintNotTolerated");
    if (nodes.overrunOn(node, shape) !== undefined) reasons.push("VolumeLimit");
    if (nodes.hasPortConflict(node, shape)) reasons.push("HostPort");
    if (!fits) reasons.push("InsufficientResources");
    reasons.push(...later);
    const onHost = asksHost ? this.#topology.onHostOf(node, stance) : undefined;
    if (onHost !== undefined) reasons.push(onHost);
    else if (lacksLabel) reasons.push("UnknownLabel");
    return reasons;
  }

  #answersTo(stance: Stance): readonly Answer[] {
    const known = this.#answers.get(stance);
    if (known !== undefined) return known;
    this.#packer.choice.prepare(stance);
    const answers = this.#examples.map((node) => this.#answerOf(node, stance));
    this.#answers.set(stance, answers);
    return answers;
  }

  #answerOf(node: number, stance: Stance): Answer {
    const { nodes } = this.#packer;
    const later: PodReason[] = [];
    const labels = nodes.checkLabels(node, stance);
    if (labels === UNKNOWN_LABEL) later.push("UnknownLabel");
    else if (labels !== ACCEPTED && labels !== VOLUME_TOPOLOGY) later.push("RequirementMismatch");
    // The checker looks at labels and volumes one after the other; both can be in the way.
    if (labels === VOLUME_TOPOLOGY || (labels !== ACCEPTED && !nodes.reachesVolumes(node, stance)))
      later.push("VolumeTopology");
    const { refusal, lacksLabel } = this.#topology.onLabelsOf(node);
    if (refusal !== undefined) later.push(refusal);
    return {
      hasTaint: !nodes.tolerates(node, stance),
      later,
      asksHost: refusal === undefined,
      lacksLabel: refusal === undefined && lacksLabel,
    };
  }

  /** As `shortage` of nearest-miss.ts has it. */
  #shortage(node: number, asked: Asked): number {
    const { nodes } = this.#packer;
    const overrun = nodes.overrunOn(node, asked.shape);
    if (overrun !== undefined) return (overrun.count - overrun.limit) / overrun.count;
    if (nodes.fits(node, asked.vector)) return 0;
    const { amounts } = asked.vector;
    let sum = 0;
    for (let resource = 0; resource < amounts.length; resource++) {
      const needed = amounts[resource] ?? 0;
      const missing = needed - nodes.freeOf(node, resource);
      if (needed !== 0 && missing > 0) sum += missing / needed;
    }
    return sum;
  }

  #shortfall(node: number, { shape, vector }: Asked): Shortfall {
    const { nodes, problem } = this.#packer;
    const overrun = nodes.overrunOn(node, shape);
    if (overrun !== undefined) {
      const what = `volumes of ${overrun.driver}`;
      return { request: { [what]: overrun.count }, free: { [what]: overrun.limit } };
    }
    if (nodes.fits(node, vector)) return {};
    const free = Object.fromEntries(problem.resources.map((name, index) => [name, nodes.freeOf(node, index)]));
    return { request: requestsIn(problem.resources, vector), free };
  }
}

function firstOf({ hasTaint, later, lacksLabel }: Answer, fits: boolean): PodReason | undefined {
  if (hasTaint) return "TaintNotTolerated";
  if (!fits) return "InsufficientResources";
  return later[0] ?? (lacksLabel ? "UnknownLabel" : undefined);
}
