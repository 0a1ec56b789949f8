// What goes wrong in one run, drawn from its seed: faults of the cloud and deaths of the controller.

import { minutes, seconds, type Duration } from "@karpenter-multicloud/core/units";
import type { CloudFault } from "../stage/index.ts";

export interface Trouble {
  /** For the table. */
  readonly name: string;
  readonly faults: readonly CloudFault[];
}

/** Each strikes a few times and then is over, or some part of the time until something else comes. */
export const TROUBLES: readonly Trouble[] = [
  { name: "429", faults: [{ fault: "status", status: 429, headers: { "Retry-After": "5" }, times: 3 }] },
  { name: "500", faults: [{ fault: "status", status: 500, times: 4 }] },
  { name: "503, one in three", faults: [{ fault: "status", status: 503, probability: 0.33 }] },
  { name: "timeout before effect", faults: [{ fault: "timeoutBefore", probability: 0.5, times: 3 }] },
  {
    name: "timeout after effect",
    faults: [
      { fault: "timeoutAfter", on: "create", times: 2 },
      { fault: "timeoutAfter", on: "delete", times: 2 },
    ],
  },
  { name: "broken answer", faults: [{ fault: "malformed", times: 2 }] },
  {
    name: "busy",
    faults: [
      { fault: "busy", on: "create", times: 2 },
      { fault: "busy", on: "delete", times: 2 },
    ],
  },
  { name: "quota", faults: [{ fault: "quota", times: 2 }] },
  { name: "out of stock", faults: [{ fault: "outOfStock", times: 2 }] },
  { name: "slow boot", faults: [{ fault: "slowBoot", times: 1 }] },
  { name: "vanished machine", faults: [{ fault: "vanish", times: 1 }] },
];

export type Step =
  | { readonly kind: "claims"; readonly count: number }
  | { readonly kind: "delete" }
  | { readonly kind: "trouble"; readonly trouble: Trouble }
  | { readonly kind: "heal" }
  | { readonly kind: "crash"; readonly afterPoints: number; readonly downFor: Duration }
  | { readonly kind: "nothing" };

const PAUSES = [seconds(1), seconds(5), seconds(20), minutes(1), minutes(4)];
const DOWN = [seconds(0), seconds(1), seconds(20), minutes(3)];
const MOST_CLAIMS = 8;

/** The next thing to happen, and how long until the one after it. */
export function nextStep(random: () => number, alive: number): { readonly step: Step; readonly pause: Duration } {
  const pause = pick(PAUSES, random);
  const dice = random();
  if (dice < 0.28 && alive < MOST_CLAIMS) return { step: { kind: "claims", count: 1 + below(3, random) }, pause };
  if (dice < 0.45) return { step: { kind: "delete" }, pause };
  if (dice < 0.75) return { step: { kind: "trouble", trouble: pick(TROUBLES, random) }, pause };
  if (dice < 0.83) return { step: { kind: "heal" }, pause };
  if (dice < 0.95) {
    // Most points lie between two moments at which something goes on: near ones are hit while it does.
    const afterPoints = 1 + below(pick([10, 60, 300], random), random);
    return { step: { kind: "crash", afterPoints, downFor: pick(DOWN, random) }, pause };
  }
  return { step: { kind: "nothing" }, pause };
}

export function below(limit: number, random: () => number): number {
  return Math.floor(random() * limit);
}

export function pick<T>(list: readonly T[], random: () => number): T {
  const [first] = list;
  if (first === undefined) throw new RangeError("nothing to pick from");
  return list[below(list.length, random)] ?? first;
}
