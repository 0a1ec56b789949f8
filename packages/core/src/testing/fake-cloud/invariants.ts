// What a safe client of a fake cloud never does. Every breach is kept, and tests expect none.

export interface Violation<Kind extends string = string> {
  readonly kind: Kind;
  readonly message: string;
  /** Milliseconds of the fake's clock. */
  readonly at: number;
  /** What it is about, by what kind of thing that is. */
  readonly [about: string]: string | number | undefined;
}

export interface InvariantReport<Kind extends string = string> {
  readonly violations: readonly Violation<Kind>[];
  readonly leaks: readonly Violation<Kind>[];
  readonly wrongDeletions: readonly Violation<Kind>[];
  readonly doubleCreates: readonly Violation<Kind>[];
}

/** Which kinds belong to the three groups that every fake reports. */
export interface InvariantGroups<Kind extends string> {
  readonly leaks: readonly Kind[];
  readonly wrongDeletions: readonly Kind[];
  readonly doubleCreates: readonly Kind[];
}

export class Invariants<Kind extends string> {
  readonly #now: () => number;
  #violations: Violation<Kind>[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  record(kind: Kind, message: string, about: Readonly<Record<string, string>> = {}): void {
    this.#violations.push({ ...about, kind, message, at: this.#now() });
  }

  violations(): readonly Violation<Kind>[] {
    return [...this.#violations];
  }

  clear(): void {
    this.#violations = [];
  }
}

export function reportOf<Kind extends string>(
  violations: readonly Violation<Kind>[],
  groups: InvariantGroups<Kind>,
): InvariantReport<Kind> {
  const of = (kinds: readonly Kind[]): readonly Violation<Kind>[] =>
    violations.filter(({ kind }) => kinds.includes(kind));
  return {
    violations,
    leaks: of(groups.leaks),
    wrongDeletions: of(groups.wrongDeletions),
    doubleCreates: of(groups.doubleCreates),
  };
}
