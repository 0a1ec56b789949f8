// One promise of the contract, as something that can be run against any provider.

import type { Stage, SubjectCloud } from "../stage/index.ts";

/** What a check needs of the subject's cloud beside the required parts. */
export type Need = "inject" | "requests" | "addForeignMachine" | "driftingSpec";

export interface Check {
  /** Stable; also the key in a subject's `notApplicable`. */
  readonly id: string;
  /** A fact: what a provider that keeps the promise does. */
  readonly title: string;
  /** "should": core gets along without it, users pay for it. */
  readonly level: "must" | "should";
  /** What the contract wants, and what goes wrong for users otherwise. */
  readonly wants: string;
  readonly needs?: readonly Need[];
  /** @throws ContractBreach saying what the provider did instead */
  run(stage: Stage): Promise<void>;
}

/** The provider does not keep the promise; the message says what it did, with the ids involved. */
export class ContractBreach extends Error {
  override readonly name = "ContractBreach";
}

export function breach(message: string, cause?: unknown): never {
  throw new ContractBreach(message, { cause });
}

/** The optional parts that a check has declared in `needs`. */
export function part<K extends Need>(stage: Stage, name: K): NonNullable<SubjectCloud[K]> {
  const { cloud } = stage;
  const found = cloud[name];
  if (found === undefined) throw new TypeError(`the check did not say that it needs ${name}`);
  return (typeof found === "function" ? found.bind(cloud) : found) as NonNullable<SubjectCloud[K]>;
}
