// What a comparison is to the command: scenarios by seed, and a judgement on the two answers to one.

/** Asks Karpenter once more: about a changed scenario, or `times` as often because its ties fall in many ways. */
export type AskAgain = (scenario: object, times?: number) => Promise<unknown>;

export interface Judgement {
  /** Refused: one of the engines did not answer at all. */
  readonly result: "equal" | "explained" | "unexplained" | "refused";
  /** Rules that explain it, by number. */
  readonly rules?: readonly string[];
  /** Where the answers differ, or why there is none; for people. */
  readonly detail?: string;
  /** Something happens: nodes go, or pods get places. */
  readonly acts: boolean;
  /** Karpenter gave this answer only when it was asked more often than the command said. */
  readonly isRare?: boolean;
  /** What this engine decided, by kind: "multi replace". */
  readonly kinds?: readonly string[];
  /** This engine's answer, to look at. */
  readonly ours?: unknown;
}

export interface Subject {
  readonly scenario: (seed: number) => object;
  readonly judge: (scenario: object, karpenter: unknown, askAgain: AskAgain) => Promise<Judgement>;
  /** What the rules that explain differences say. */
  readonly rules: Readonly<Record<string, string>>;
}
