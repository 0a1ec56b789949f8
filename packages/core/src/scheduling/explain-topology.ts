// Why no new node of a pool would be in a place that spread constraints and pod affinity allow.

import type { Requirements } from "../requirements/index.ts";
import { sellsAnywhere } from "./explain-requirements.ts";
import { cheapestDomain } from "./placement/cheapest-domain.ts";
import { keep } from "./placement/instance-filter.ts";
import type { TypeGroup } from "./placement/instance-filter.ts";
import type { Rejection } from "./placement/rejection.ts";
import type { Finding, PoolQuestion } from "./pool-finding.ts";

/** No node is called that. */
const NEW_HOST = "new/node";

export function hasTopology({ pod, attempt }: PoolQuestion): boolean {
  return attempt.topology.owned.length > 0 || pod.topology.inverse.length > 0;
}

export function passingTopology(groups: readonly TypeGroup[], question: PoolQuestion): readonly TypeGroup[] {
  const { template, world, requirements } = question;
  const narrowed = askTopology(groups, question);
  if ("rejected" in narrowed || !template.requirements.isCompatible(narrowed, world.wellKnown)) return [];
  const all = requirements.merge(narrowed);
  return keep(groups, ({ type }) => sellsAnywhere(type, all, world.wellKnown));
}

/** Of pool, pod and place together, once the place is known to exist. */
export function narrowedByTopology(groups: readonly TypeGroup[], question: PoolQuestion): Requirements {
  const narrowed = askTopology(groups, question);
  return "rejected" in narrowed ? question.requirements : question.requirements.merge(narrowed);
}

export function topologyFinding(groups: readonly TypeGroup[], question: PoolQuestion): Finding {
  const narrowed = askTopology(groups, question);
  if ("rejected" in narrowed) return refusedFinding(narrowed);
  const { template, attempt, world } = question;
  const conflict = template.requirements.compatible(narrowed, world.wellKnown);
  const rule = attempt.topology.owned.find((group) => narrowed.has(group.rule.key));
  const reason = rule?.refusal.rejected ?? "InversePodAntiAffinity";
  const asked = rule?.toString() ?? "anti-affinity of pods that refuse this pod";
  const why = conflict?.message ?? "no instance type is sold there";
  const text = `${asked} leaves only ${narrowed.toString()}: ${why}`;
  return { reason, short: text, detail: text };
}

function refusedFinding({ rejected, topology }: Rejection): Finding {
  const asked = topology?.toString() ?? rejected;
  return {
    reason: rejected,
    short: `${asked} leaves no domain`,
    detail: `${asked} leaves no domain; ${topology?.describeCounts() ?? ""}`,
  };
}

function askTopology(
  groups: readonly TypeGroup[],
  { pod, attempt, requirements, world }: PoolQuestion,
): Requirements | Rejection {
  return world.topology.narrow(pod.topology, attempt, {
    host: NEW_HOST,
    requirements,
    cheapest: (key, domains) =>
      cheapestDomain(key, domains, { groups, requirements, requests: pod.requests, wellKnown: world.wellKnown }),
  });
}
