// Why a pod was not placed, told from the end of the solve: every candidate has refused it as things then stood (S-620, S-621).

import type { Pod } from "../api/index.ts";
import { examinePool, minValuesFinding, rejected } from "./explain-pool.ts";
import type { PoolFinding } from "./pool-finding.ts";
import { tally } from "./nearest-miss.ts";
import type { Refusal } from "./nearest-miss.ts";
import type { UnsupportedNeed } from "./not-supported.ts";
import type { MissingValues } from "./placement/min-values.ts";
import type { Attempt, PodToPlace } from "./pod-to-place.ts";
import type { PodExplanation } from "./solution.ts";
import { shorten, summarize } from "./summary.ts";
import type { World } from "./world.ts";

type Explanation = Omit<PodExplanation, "pod">;

const NO_CANDIDATES: Explanation["existing"] = { count: 0, byReason: {} };

export class Explainer {
  readonly #world: World;
  /** Pods that look alike share one explanation. */
  readonly #bySignature = new Map<string, Explanation>();

  constructor(world: World) {
    this.#world = world;
  }

  notPlaced(pod: PodToPlace): PodExplanation {
    const known = this.#bySignature.get(pod.signature);
    const explanation = known ?? this.#explain(pod);
    this.#bySignature.set(pod.signature, explanation);
    return { pod: reference(pod.pod), ...explanation };
  }

  /** The pod was planned on a claim that had to be given up. */
  droppedWithClaim(pod: PodToPlace, pool: string, missing: readonly MissingValues[]): PodExplanation {
    const findings = this.#examine(pod).map((finding) =>
      finding.explanation.nodePool === pool ? this.#dropped(finding, missing) : finding,
    );
    return { pod: reference(pod.pod), ...this.#assemble(pod, findings) };
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
      pod: reference(pod),
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
    return this.#world.templates.map((template) => examinePool(template, pod, attempt, this.#world));
  }

  #assemble(pod: PodToPlace, findings: readonly PoolFinding[]): Explanation {
    const existing = tally(this.#refusalsOfNodes(pod));
    return {
      summary: summarize(findings, existing),
      relaxed: lastAttempt(pod)?.relaxed ?? [],
      existing,
      planned: tally(this.#refusalsOfClaims(pod)),
      nodePools: findings.map(({ explanation }) => explanation),
    };
  }

  #dropped(finding: PoolFinding, missing: readonly MissingValues[]): PoolFinding {
    const template = this.#world.templates.find(({ name }) => name === finding.explanation.nodePool);
    return template ? rejected(template, finding.explanation.funnel, minValuesFinding(missing)) : finding;
  }

  #refusalsOfNodes(pod: PodToPlace): readonly Refusal[] {
    const attempt = lastAttempt(pod);
    if (attempt === undefined) return [];
    return this.#world.nodes.flatMap((node) => {
      const failures = [...node.failures(pod, attempt, this.#world.topology)];
      const short = failures.find(({ request }) => request !== undefined);
      if (failures.length === 0) return [];
      return [{ name: node.name, reasons: failures.map(({ rejected: reason }) => reason), ...amountsOf(short) }];
    });
  }

  #refusalsOfClaims(pod: PodToPlace): readonly Refusal[] {
    const attempt = lastAttempt(pod);
    if (attempt === undefined) return [];
    return this.#world.claims.flatMap((claim, index) => {
      const answer = claim.tryPod(pod, attempt, this.#world);
      const name = `${claim.template.name} claim ${index + 1}`;
      return "rejected" in answer ? [{ name, reasons: [answer.rejected] }] : [];
    });
  }
}

function amountsOf(short: Pick<Refusal, "request" | "free"> | undefined): Pick<Refusal, "request" | "free"> {
  return { ...(short?.request && { request: short.request }), ...(short?.free && { free: short.free }) };
}

/** Everything that could be given up is given up. */
function lastAttempt(pod: PodToPlace): Attempt | undefined {
  return pod.attempts.at(-1);
}

function reference({ metadata }: Pod): PodExplanation["pod"] {
  return { namespace: metadata.namespace ?? "default", name: metadata.name ?? "", uid: metadata.uid ?? "" };
}
