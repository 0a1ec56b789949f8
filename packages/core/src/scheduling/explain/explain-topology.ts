// Why no new node of a pool would be in a place that spread constraints and pod affinity allow.

import type { Requirements } from "../../requirements/index.ts";
import { describeRule } from "./explain-topology-rule.ts";
import { candidatesOf } from "./explain-candidates.ts";
import { cheapestDomain } from "../placement/cheapest-domain.ts";
import type { TypeGroup } from "../placement/instance-filter.ts";
import type { Rejection } from "../placement/rejection.ts";
import { narrowByRules } from "../topology/narrow.ts";
import type { Finding, PoolQuestion } from "./pool-finding.ts";

/** No node is called that. */
const NEW_HOST = "new/node";

export function hasTopology({ pod, attempt }: Pick<PoolQuestion, "pod" | "attempt">): boolean {
  return attempt.topology.owned.length > 0 || pod.topology.inverse.length > 0;
}

export function passingTopology(groups: readonly TypeGroup[], question: PoolQuestion): readonly TypeGroup[] {
  const { template, world, requirements, sales } = question;
  const narrowed = askTopology(groups, question);
  if ("rejected" in narrowed || !template.requirements.isCompatible(narrowed, world.wellKnown)) return [];
  return sales.keep(groups, template, requirements.merge(narrowed));
}

/** Of pool, pod and place together, once the place is known to exist. */
export function narrowedByTopology(groups: readonly TypeGroup[], question: PoolQuestion): Requirements {
  const narrowed = askTopology(groups, question);
  return "rejected" in narrowed ? question.requirements : question.requirements.merge(narrowed);
}

export function topologyFinding(groups: readonly TypeGroup[], question: PoolQuestion): Finding {
  const narrowed = askTopology(groups, question);
  if ("rejected" in narrowed) return refusedFinding(narrowed, question);
  const { template, attempt, world } = question;
  const conflict = template.requirements.compatible(narrowed, world.wellKnown);
  const rule = attempt.topology.owned.find((group) => narrowed.has(group.rule.key));
  const reason = rule?.refusal.rejected ?? "InversePodAntiAffinity";
  const asked = rule?.toString() ?? "anti-affinity of pods that refuse this pod";
  const why = conflict?.message ?? "no instance type is sold there";
  const text = `${asked} leaves only ${narrowed.toString()}: ${why}`;
  return { reason, short: text, detail: text };
}

function refusedFinding(refusal: Rejection, { attempt, pod }: PoolQuestion): Finding {
  const { rejected, topology } = refusal;
  const asked = topology?.toString() ?? rejected;
  const rule = [...attempt.topology.owned, ...pod.topology.inverse].find((group) => group.refusal === refusal);
  return {
    reason: rejected,
    detail: `${asked} leaves no domain; ${topology?.describeCounts() ?? ""}`,
    ...(rule ? describeRule(rule) : { short: `${asked} leaves no domain` }),
  };
}

interface Answer {
  readonly groups: readonly TypeGroup[];
  readonly narrowed: Requirements | Rejection;
}

/** What passes, how far it is narrowed and what is in the way are one question. */
const answers = new WeakMap<PoolQuestion, Answer>();

function askTopology(groups: readonly TypeGroup[], question: PoolQuestion): Requirements | Rejection {
  const known = answers.get(question);
  if (known?.groups === groups) return known.narrowed;
  const narrowed = topologyAnswer(groups, question);
  answers.set(question, { groups, narrowed });
  return narrowed;
}

function topologyAnswer(groups: readonly TypeGroup[], question: PoolQuestion): Requirements | Rejection {
  const { pod, attempt, requirements } = question;
  return narrowByRules(pod.topology, attempt, {
    host: NEW_HOST,
    requirements,
    cheapest: (key, domains) => cheapestOf(groups, question, key, domains),
  });
}

type ByRequirements = WeakMap<Requirements, Map<string, string>>;

const choices = new WeakMap<readonly TypeGroup[], ByRequirements>();

/** S-409. Which machines are large enough is all that matters of the pod's requests. */
function cheapestOf(
  groups: readonly TypeGroup[],
  { template, pod, requirements, world }: PoolQuestion,
  key: string,
  domains: readonly string[],
): string {
  const fitting = candidatesOf(groups, template.sold).fitting(pod.requests);
  const byRequirements: ByRequirements = choices.get(fitting) ?? new WeakMap();
  choices.set(fitting, byRequirements);
  const known = byRequirements.get(requirements) ?? new Map<string, string>();
  byRequirements.set(requirements, known);
  const text = [key, ...domains].join();
  const { requests } = pod;
  const bid = { groups: fitting, requirements, requests, wellKnown: world.wellKnown };
  const choice = known.get(text) ?? cheapestDomain(key, domains, bid);
  known.set(text, choice);
  return choice;
}
