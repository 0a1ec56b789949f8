// Which crash points are worth a run of their own: spread over the whole run, and the rare kinds of calls as often as the common ones.

import type { CrashPoint } from "./crash-points.ts";

/** How much a call that changes something weighs against one that only reads. */
const CHANGE_WEIGHT = 4;

/**
 * `count` points in the order of the run. A kind of call weighs the same however often it is made, and more when it changes
 * something; each slice of that weight gives one point, drawn with `random` (0 ≤ x < 1).
 */
export function choosePoints(
  points: readonly CrashPoint[],
  count: number,
  random: () => number,
): readonly CrashPoint[] {
  const ofKind = new Map<string, number>();
  for (const point of points) ofKind.set(kindOf(point), (ofKind.get(kindOf(point)) ?? 0) + 1);
  const weights = points.map((point) => (changes(point) ? CHANGE_WEIGHT : 1) / (ofKind.get(kindOf(point)) ?? 1));
  const slice = weights.reduce((sum, weight) => sum + weight, 0) / count;
  const chosen: CrashPoint[] = [];
  let passed = 0;
  let next = random() * slice;
  for (const [index, point] of points.entries()) {
    passed += weights[index] ?? 0;
    if (passed <= next) continue;
    chosen.push(point);
    while (next < passed) next = (Math.floor(next / slice) + 1 + random()) * slice;
  }
  return chosen.slice(0, count);
}

/** The call without the object it was about: "after patch NodeClaim", "before PUT /1.0/cloud/project/{}/kube/{}". */
export function kindOf({ moment, call }: CrashPoint): string {
  const [verb = "", subject = ""] = call.split(" ");
  const path = subject.replace(/\?.*$/, "").replaceAll(/\/[0-9a-f][0-9a-f-]{15,}/g, "/{}");
  return `${moment} ${verb} ${path}`.trimEnd();
}

function changes({ call }: CrashPoint): boolean {
  return /^(create|update|patch|delete|evict|bind|POST|PUT|PATCH|DELETE)/.test(call);
}
