// Why a pod was not placed, told from the end of the solve: every candidate has refused it as things then stood (S-620, S-621).

import type { Pod } from "../../api/index.ts";
import { PoolExaminer } from "./explain-pool.ts";
import type { PoolFinding } from "./pool-finding.ts";
import type { UnsupportedNeed } from "../not-supported.ts";
import type { Attempt, PodToPlace } from "../pod-to-place.ts";
import type { PodExplanation } from "../solution.ts";
import { shorten, summarize } from "./summary.ts";
import type { ExplainedWorld } from "./explained-world.ts";

type Explanation = Omit<PodExplanation, "pod">;

type Told = Pick<Explanation, "summary" | "nodePools">;

const NO_CANDIDATES: Explanation["existing"] = { count: 0, byReason: {} };

export class Explainer {
  readonly #world: ExplainedWorld;
  readonly #pools: PoolExaminer;
  /** Pods that look alike share one explanation. */
  readonly #bySignature = new Map<string, Explanation>();
  readonly #findings = new Map<PoolFinding, number>();
  readonly #byFindings = new Map<string, Told>();

  constructor(world: ExplainedWorld) {
    this.#world = world;
    this.#pools = new PoolExaminer(world);
  }

  /** `pod`: one that every candidate treats like `kind`. */
  notPlaced(kind: PodToPlace, pod: Pod = kind.pod): PodExplanation {
    const known = this.#bySignature.get(kind.signature);
    const explanation = known ?? this.#explain(kind);
    this.#bySignature.set(kind.signature, explanation);
    return { pod: referenceTo(pod), ...explanation };
  }

  /** S-315: the solve was cut off before the pod's turn. */
  notEvaluated({ pod }: PodToPlace): PodExplanation {
    const detail = "there was no time left to look at it in this round; it takes part in the next one";
    const nodePools = this.#world.templates.map(({ name }) => ({
      nodePool: name,
      verdict: "deferred" as const,
      reason: "NotEvaluated" as const,
      detail,
      funnel: [],
    }));
    return {
      pod: referenceTo(pod),
      summary: detail,
      relaxed: [],
      existing: NO_CANDIDATES,
      planned: NO_CANDIDATES,
      nodePools,
    };
  }

  /** The pod itself is the reason; no candidate was asked. */
  refusedEverywhere(pod: Pod, { reason, detail }: UnsupportedNeed): PodExplanation {
    const nodePools = this.#world.templates.map(({ name }) => ({
      nodePool: name,
      verdict: "rejected" as const,
      reason,
      detail,
      funnel: [],
    }));
    const summary = shorten(reason === "InvalidPod" ? `pod is not valid: ${detail}` : detail);
    return {
      pod: referenceTo(pod),
      summary,
      relaxed: [],
      existing: NO_CANDIDATES,
      planned: NO_CANDIDATES,
      nodePools,
    };
  }

  #explain(pod: PodToPlace): Explanation {
    return this.#assemble(pod, this.#examine(pod));
  }

  #examine(pod: PodToPlace): readonly PoolFinding[] {
    const attempt = lastAttempt(pod);
    if (attempt === undefined) return [];
    return this.#world.templates.map((template) => this.#pools.examine(template, pod, attempt));
  }

  #assemble(pod: PodToPlace, findings: readonly PoolFinding[]): Explanation {
    const attempt = lastAttempt(pod);
    const existing = attempt ? this.#world.tallyOfNodes(pod, attempt) : NO_CANDIDATES;
    const { summary, nodePools } = this.#told(findings, existing);
    return {
      summary,
      relaxed: attempt?.relaxed ?? [],
      existing,
      planned: attempt ? this.#world.tallyOfClaims(pod, attempt) : NO_CANDIDATES,
      nodePools,
    };
  }

  /** Pods of several kinds often fail for the same reasons, which are told once. */
  #told(findings: readonly PoolFinding[], existing: Explanation["existing"]): Told {
    if (findings.length === 0) return { summary: summarize(findings, existing), nodePools: [] };
    const key = findings.map((finding) => this.#numberOf(finding)).join();
    const told = this.#byFindings.get(key) ?? {
      summary: summarize(findings, existing),
      nodePools: findings.map(({ explanation }) => explanation),
    };
    this.#byFindings.set(key, told);
    return told;
  }

  #numberOf(finding: PoolFinding): number {
    const number = this.#findings.get(finding) ?? this.#findings.size;
    this.#findings.set(finding, number);
    return number;
  }
}

/** Everything that could be given up is given up. */
function lastAttempt(pod: PodToPlace): Attempt | undefined {
  return pod.attempts.at(-1);
}

export function referenceTo({ metadata }: Pod): PodExplanation["pod"] {
  return { namespace: metadata.namespace ?? "default", name: metadata.name ?? "", uid: metadata.uid ?? "" };
}
