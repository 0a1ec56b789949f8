// A command as it is written on the claims of its nodes while its replacements start, so that a restart goes on with it (DX-36).

import { Annotation, NodeClaims, toRfc3339, type NodeClaim } from "../../api/index.ts";
import { METHODS, type MethodName } from "../../disruption/index.ts";
import { keyOf } from "../../kube/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";
import { REASONS } from "./tell.ts";

export interface PersistedCommand {
  readonly id: string;
  readonly method: MethodName;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Names of the claims it gives back. */
  readonly claims: readonly string[];
  /** How many machines are ordered for it. */
  readonly replacements: number;
}

/** What a former process left of one command. */
export interface Interrupted extends PersistedCommand {
  /** Claims that carry the record, those being deleted too. */
  readonly candidates: readonly NodeClaim[];
  /** Claims that were ordered for it and are there. */
  readonly ordered: readonly NodeClaim[];
  /** All that was ordered is there, and nothing contradicts the record. */
  readonly isWhole: boolean;
}

export function recordOf({ id, method, createdAt, claims, replacements }: PersistedCommand): string {
  return JSON.stringify({
    id,
    method,
    reason: REASONS[method],
    created: toRfc3339(createdAt),
    claims,
    replacements,
    phase: "starting",
  });
}

/** Undefined for anything that this version would not have written. */
function readRecord(text: string | undefined): PersistedCommand | undefined {
  if (text === undefined) return undefined;
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof found !== "object" || found === null) return undefined;
  const { id, method, created, claims, replacements } = found as Readonly<Record<string, unknown>>;
  const known = METHODS.find((name) => name === method);
  const createdAt = Date.parse(String(created));
  if (typeof id !== "string" || known === undefined || Number.isNaN(createdAt)) return undefined;
  if (!Array.isArray(claims) || typeof replacements !== "number") return undefined;
  return { id, method: known, createdAt, claims: claims.map(String), replacements };
}

/** By id of the command. */
export function interruptedCommands(all: readonly NodeClaim[]): readonly Interrupted[] {
  const byText = Map.groupBy(all, (claim) => claim.metadata.annotations?.[Annotation.DisruptionCommand]);
  const ordered = Map.groupBy(all, (claim) => claim.metadata.annotations?.[Annotation.Replaces]);
  const seen = new Set<string>();
  return [...byText].flatMap(([text, candidates]) => {
    const record = readRecord(text);
    if (record === undefined) return [];
    const own = (ordered.get(record.id) ?? []).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    // Two records of one command cannot both be true.
    const isOnly = !seen.has(record.id);
    seen.add(record.id);
    const isWhole =
      isOnly &&
      own.length === record.replacements &&
      candidates.every(({ metadata }) => record.claims.includes(metadata.name ?? ""));
    return [{ ...record, candidates, ordered: own, isWhole }];
  });
}

export async function writeRecord(
  { kube }: Pick<ControllerDeps, "kube">,
  claims: readonly NodeClaim[],
  text: string | null,
  signal: AbortSignal,
): Promise<void> {
  const annotations = { [Annotation.DisruptionCommand]: text };
  await Promise.all(
    claims.map((claim) => {
      // The uid keeps it off a namesake, which no command has chosen (RT-15).
      const body = { metadata: { uid: claim.metadata.uid, annotations } };
      return kube.patch(NodeClaims, keyOf(claim), { type: "merge", body }, { signal }).catch(ignoreNotFound);
    }),
  );
}
