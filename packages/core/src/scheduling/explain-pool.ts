// Why one NodePool cannot add a node for one pod: the checks one after the other, and the first that no instance type passes (S-620).

import { formatTaint, untolerated } from "../api/index.ts";
import { unavailableFinding } from "./explain-offerings.ts";
import { noTypeFinding, sellsAnywhere } from "./explain-requirements.ts";
import { hasTopology, narrowedByTopology, passingTopology, topologyFinding } from "./explain-topology.ts";
import { limitFinding, shortageFinding } from "./explain-resources.ts";
import { portConflict } from "./host-ports.ts";
import { stageOf } from "./nearest-miss.ts";
import { hasOffering, keep, largeEnough, typesOf } from "./placement/instance-filter.ts";
import type { TypeGroup } from "./placement/instance-filter.ts";
import { missingValues } from "./placement/min-values.ts";
import type { MissingValues } from "./placement/min-values.ts";
import type { Attempt, PodToPlace } from "./pod-to-place.ts";
import type { Finding, PoolFinding, PoolQuestion } from "./pool-finding.ts";
import type { NodePoolExplanation } from "./solution.ts";
import type { Template } from "./templates.ts";
import type { World } from "./world.ts";

interface Stage {
  readonly name: string;
  passing(groups: readonly TypeGroup[], question: PoolQuestion): readonly TypeGroup[];
  /** Asked only when nothing passed; `groups` are those that reached the check. */
  finding(groups: readonly TypeGroup[], question: PoolQuestion): Finding;
}

const NONE: readonly TypeGroup[] = [];

const TOPOLOGY: Stage = { name: "topology", passing: passingTopology, finding: topologyFinding };

const STAGES: readonly Stage[] = [
  {
    name: "pool",
    passing: (groups, { template, world }) =>
      keep(groups, ({ type }) => sellsAnywhere(type, template.requirements, world.wellKnown)),
    finding: (groups, { template }) => ({
      ...noTypeFinding(typesOf(groups), template.requirements, "the NodePool's own requirements ask for"),
      reason: "NoInstanceType",
    }),
  },
  {
    name: "taints",
    passing: (groups, { template, attempt }) => (untolerated(template.taints, attempt.tolerations) ? NONE : groups),
    finding: (_, { template, attempt }) => taintFinding(template, attempt),
  },
  {
    name: "requirements",
    passing: (groups, question) => passingRequirements(groups, question),
    finding: (groups, question) => requirementFinding(groups, question),
  },
  {
    name: "ports",
    passing: (groups, { pod }) => groups.filter((group) => !portConflict(pod.hostPorts, group.hostPorts)),
    finding: (groups, { pod }) => portFinding(groups, pod),
  },
  TOPOLOGY,
  {
    name: "limits",
    passing: (groups, { template, world }) =>
      keep(groups, ({ type }) => world.limits.exceededBy(template.name, type).length === 0),
    finding: limitFinding,
  },
  {
    name: "fit",
    passing: (groups, { pod }) => largeEnough(groups, pod.requests),
    finding: shortageFinding,
  },
  {
    name: "offering",
    passing: (groups, { requirements, world }) =>
      keep(groups, ({ type }) => hasOffering(type, requirements, world.wellKnown)),
    finding: unavailableFinding,
  },
  {
    name: "minValues",
    passing: (groups, { requirements }) => (missingValues(typesOf(groups), requirements).length > 0 ? NONE : groups),
    finding: (groups, { requirements }) => minValuesFinding(missingValues(typesOf(groups), requirements)),
  },
];

export function examinePool(template: Template, pod: PodToPlace, attempt: Attempt, world: World): PoolFinding {
  if (template.skipped) return skippedPool(template);
  const requirements = template.requirements.merge(attempt.requirements);
  let question: PoolQuestion = { template, pod, attempt, world, requirements };
  const funnel: { stage: string; left: number }[] = [];
  let groups = template.sold;
  for (const stage of STAGES) {
    if (stage === TOPOLOGY && !hasTopology(question)) continue;
    const passing = stage.passing(groups, question);
    funnel.push({ stage: stage.name, left: typesOf(passing).length });
    if (passing.length === 0) return rejected(template, funnel, stage.finding(groups, question));
    groups = passing;
    if (stage === TOPOLOGY) question = { ...question, requirements: narrowedByTopology(groups, question) };
  }
  return rejected(template, funnel, {
    reason: "NotEvaluated",
    short: "could take it, but was not asked",
    detail: "it could take the pod; another NodePool was tried first",
  });
}

/** S-511: the claim existed in the plan and was given up. */
export function minValuesFinding(missing: readonly MissingValues[]): Finding {
  const [first] = missing;
  const found = first?.found.slice(0, 5).join(", ") || "none";
  const text = `minValues ${first?.needed ?? 0} of ${first?.key ?? ""}: only ${first?.found.length ?? 0} left (${found})`;
  return { reason: "MinValues", short: text, detail: text, ...(first && { key: first.key }) };
}

export function rejected(
  template: Template,
  funnel: NodePoolExplanation["funnel"],
  { short, fix, ...finding }: Finding,
): PoolFinding {
  const verdict = finding.reason === "NotEvaluated" ? "deferred" : "rejected";
  return {
    explanation: { nodePool: template.name, verdict, ...finding, funnel },
    short,
    ...(fix === undefined ? {} : { fix }),
    rank: stageOf(finding.reason),
  };
}

function skippedPool({ name, skipped }: Template): PoolFinding {
  const reason = skipped?.reason ?? "NodePoolNotReady";
  const detail = skipped?.detail ?? "";
  return {
    explanation: { nodePool: name, verdict: "skipped", reason, detail, funnel: [] },
    short: `not used: ${detail}`,
    rank: -2,
  };
}

function taintFinding({ taints }: Template, { tolerations }: Attempt): Finding {
  const taint = untolerated(taints, tolerations);
  const text = `taint ${taint ? formatTaint(taint) : ""} not tolerated`;
  const fix = "add the toleration to the pod or take the taint off the NodePool";
  return { reason: "TaintNotTolerated", short: text, detail: text, fix, ...(taint && { key: taint.key }) };
}

function passingRequirements(groups: readonly TypeGroup[], question: PoolQuestion): readonly TypeGroup[] {
  const { template, attempt, requirements, world } = question;
  if (!template.requirements.isCompatible(attempt.requirements, world.wellKnown)) return NONE;
  return keep(groups, ({ type }) => sellsAnywhere(type, requirements, world.wellKnown));
}

function requirementFinding(groups: readonly TypeGroup[], question: PoolQuestion): Finding {
  const { template, attempt, requirements, world } = question;
  const conflict = template.requirements.compatible(attempt.requirements, world.wellKnown);
  if (conflict !== undefined) {
    const { kind, key, wanted, offered, message } = conflict;
    const isUnknown = kind === "Undefined";
    const short = isUnknown ? message : `needs ${wanted}, allowed is ${offered.replace(`${key} `, "")}`;
    const fix = isUnknown
      ? "give it to the NodePool in spec.template.metadata.labels, or take it off the pod"
      : "widen the NodePool's requirements, or change the pod's nodeSelector or affinity";
    return {
      reason: isUnknown ? "UnknownLabel" : "RequirementMismatch",
      short,
      detail: short,
      fix,
      key,
      wanted,
      offered,
    };
  }
  return noTypeFinding(typesOf(groups), requirements, "needs");
}

function portFinding(groups: readonly TypeGroup[], { hostPorts }: PodToPlace): Finding {
  const [port] = groups.flatMap((group) => portConflict(hostPorts, group.hostPorts) ?? []);
  const text = `host port ${port?.port ?? ""}/${port?.protocol ?? ""} is used by a DaemonSet on every node`;
  return { reason: "HostPort", short: text, detail: text };
}
