// What a NodePool says about the repair of its nodes: how many may be sick at once, how long each condition may be bad, how many go per
// hour, and whether their pods get a place first (DX-30).

import { Annotation, type NodePool } from "../api/index.ts";
import type { RepairPolicy } from "../provider/index.ts";
import { DurationError, parseDuration } from "../units/index.ts";

export interface RepairSettings {
  /** Of so many nodes. At least one, or small pools would never be repaired. */
  readonly most: (nodes: number) => number;
  readonly policies: readonly RepairPolicy[];
  /** Their pods get a place elsewhere before the machine goes. */
  readonly replaceFirst: boolean;
  /** Undefined: as many as the threshold allows. */
  readonly perHour?: number;
}

const DEFAULT_THRESHOLD = "20%";

/** @throws Error when an annotation cannot be read: then nothing may be repaired */
export function repairSettingsOf(pool: NodePool | undefined, policies: readonly RepairPolicy[]): RepairSettings {
  const annotations = pool?.metadata.annotations ?? {};
  const tolerations = annotations[Annotation.RepairTolerations];
  const perHour = annotations[Annotation.RepairsPerHour];
  return {
    most: thresholdOf(annotations[Annotation.RepairThreshold] ?? DEFAULT_THRESHOLD),
    policies: tolerations === undefined ? policies : withTolerations(policies, tolerations),
    // A static NodePool replaces its nodes itself, once they are gone.
    replaceFirst: modeOf(annotations[Annotation.RepairMode] ?? "force") && pool?.spec.replicas === undefined,
    ...(perHour !== undefined && { perHour: perHourOf(perHour) }),
  };
}

function modeOf(text: string): boolean {
  if (text === "replaceFirst" || text === "force") return text === "replaceFirst";
  throw new Error(`${Annotation.RepairMode} ${JSON.stringify(text)} is neither force nor replaceFirst`);
}

function perHourOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`${Annotation.RepairsPerHour} ${JSON.stringify(text)} is no number`);
}

function thresholdOf(text: string): RepairSettings["most"] {
  const [, digits, percent] = /^(\d+)(%?)$/.exec(text) ?? [];
  if (digits === undefined) {
    throw new Error(`${Annotation.RepairThreshold} ${JSON.stringify(text)} is neither a number nor a percentage`);
  }
  const value = Number(digits);
  return (nodes) => Math.max(1, percent === "%" ? Math.ceil((nodes * value) / 100) : value);
}

/** A condition that no policy judges stays unjudged: only the provider knows which of its values are bad. */
function withTolerations(policies: readonly RepairPolicy[], text: string): readonly RepairPolicy[] {
  const written = new Map(
    text.split(",").map((part) => {
      const [condition = "", value = "", ...rest] = part.split("=").map((each) => each.trim());
      const tolerationDuration = condition === "" || rest.length > 0 ? undefined : durationOf(value);
      if (tolerationDuration === undefined) {
        throw new Error(
          `${Annotation.RepairTolerations}: ${JSON.stringify(part)} is not of the form Condition=duration`,
        );
      }
      return [condition, tolerationDuration] as const;
    }),
  );
  return policies.map((policy) => {
    const tolerationDuration = written.get(policy.conditionType);
    return tolerationDuration === undefined ? policy : { ...policy, tolerationDuration };
  });
}

function durationOf(text: string): RepairPolicy["tolerationDuration"] | undefined {
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof DurationError) return undefined;
    throw error;
  }
}
