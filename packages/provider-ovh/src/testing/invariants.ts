// What a safe client of this API never does. Every breach is kept, and tests expect none (F-10).

export type ViolationKind =
  | "UnnamedMachineDeleted"
  | "DesiredLoweredWithoutNames"
  | "PoolDeletedWithMachines"
  | "AutoscaleOnOwnedPool"
  | "PoolPostedTwice"
  | "InvalidSignature"
  | "FinalizersInTemplate"
  | "BootstrapTaintInTemplate"
  | "TooManyRequests"
  | "LeakedMachine"
  | "HookFailed";

export interface Violation {
  readonly kind: ViolationKind;
  readonly message: string;
  /** Milliseconds of the fake's clock. */
  readonly at: number;
  readonly pool?: string;
  readonly machine?: string;
}

export interface InvariantReport {
  readonly violations: readonly Violation[];
  readonly leaks: readonly Violation[];
  readonly wrongDeletions: readonly Violation[];
  readonly doubleCreates: readonly Violation[];
}

const WRONG_DELETIONS: readonly ViolationKind[] = [
  "UnnamedMachineDeleted",
  "DesiredLoweredWithoutNames",
  "PoolDeletedWithMachines",
];

export class Invariants {
  readonly #now: () => number;
  #violations: Violation[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  record(
    kind: ViolationKind,
    message: string,
    about: { readonly pool?: string; readonly machine?: string } = {},
  ): void {
    this.#violations.push({ kind, message, at: this.#now(), ...about });
  }

  violations(): readonly Violation[] {
    return [...this.#violations];
  }

  clear(): void {
    this.#violations = [];
  }
}

export function report(violations: readonly Violation[]): InvariantReport {
  return {
    violations,
    leaks: violations.filter(({ kind }) => kind === "LeakedMachine"),
    wrongDeletions: violations.filter(({ kind }) => WRONG_DELETIONS.includes(kind)),
    doubleCreates: violations.filter(({ kind }) => kind === "PoolPostedTwice"),
  };
}
