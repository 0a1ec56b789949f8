// What a command might have been instead, and how good it is, in the few words of its record (DX-1).

import type { Alternative, PoolScore, ProposedCommand } from "./method.ts";
import type { NodeVerdict } from "./verdict.ts";

const MOST = 3;

/** Nodes that came before the chosen one. */
export function alternativesOf(tried: readonly NodeVerdict[]): Pick<ProposedCommand, "alternatives"> {
  return inFewWords(tried.map(({ node, code, detail }) => ({ nodes: [node], why: `${code}: ${detail}` })));
}

export function inFewWords(alternatives: readonly Alternative[]): Pick<ProposedCommand, "alternatives"> {
  return alternatives.length > 0 ? { alternatives: alternatives.slice(0, MOST) } : {};
}

export function lowestOf(scores: readonly PoolScore[]): Pick<ProposedCommand, "score"> {
  return scores.length > 0 ? { score: Math.min(...scores.map(({ score }) => score)) } : {};
}
