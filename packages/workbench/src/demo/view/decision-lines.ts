// Decisions as people want to read them: what holds for many objects at once is said once, and what everybody sees anyway is left out.

import type { Decision } from "@karpenter-multicloud/core/decisions";
import { counted } from "./text-layout.ts";

export interface DecisionLine {
  readonly at: number;
  readonly verdict: string;
  /** "default-abcde", or "4 Nodes (a, b and 2 more)". */
  readonly subject: string;
  readonly detail: string;
}

interface Group {
  readonly first: Decision;
  readonly subjects: string[];
}

/** Why a node stays that is visibly booting, leaving, or about to get pods. */
const PLAIN_TO_SEE: ReadonlySet<string> = new Set(["NotInitialized", "Deleting", "Nominated"]);
/** Their reasons speak of one object's share. */
const COUNTED_EACH: ReadonlySet<string> = new Set(["CreateNodeClaim"]);
const NAMED = 2;

/** In their order; those of one moment with the same verdict and reason become one line. */
export function decisionLines(decisions: readonly Decision[]): readonly DecisionLine[] {
  const groups = new Map<string, Group>();
  for (const decision of decisions) {
    if (PLAIN_TO_SEE.has(decision.verdict)) continue;
    const { kind, name } = splitSubject(decision.subject);
    const { at, verdict, detail } = decision;
    const key = [at, verdict, kind, alike(detail)].join("|");
    const group = groups.get(key);
    if (group) group.subjects.push(name);
    else groups.set(key, { first: decision, subjects: [name] });
  }
  return [...groups.values()].map(({ first, subjects }) => ({
    at: first.at,
    verdict: first.verdict,
    subject: subjectText(splitSubject(first.subject).kind, subjects),
    detail: subjects.length > 1 && COUNTED_EACH.has(first.verdict) ? `each: ${first.detail}` : first.detail,
  }));
}

function subjectText(kind: string, names: readonly string[]): string {
  const [only] = names;
  if (names.length === 1 && only !== undefined) return only;
  const named = names.slice(0, NAMED).join(", ");
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  return `${counted(names.length, kind)} (${named}${more})`;
}

/** "NodeClaim default-abcde" → its parts. */
function splitSubject(subject: string): { readonly kind: string; readonly name: string } {
  const [kind = "", name] = subject.split(" ");
  return name === undefined ? { kind: "object", name: subject } : { kind, name };
}

/** Reasons that differ by a second or by the name of a machine only are the same reason. */
function alike(detail: string): string {
  return detail.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "").replaceAll(/machine \S+/g, "machine");
}
