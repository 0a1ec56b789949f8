// What a bench is to the command: a name, and a run that ends in a document and the same as text.

import type { BenchOptions } from "./options.ts";

export interface BenchContext {
  readonly options: BenchOptions;
  /** Path of a program that runs Karpenter's scheduler. */
  readonly karpenter: string | undefined;
  /** For people, while it runs. */
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface BenchReport {
  /** Ready for JSON. */
  readonly document: object;
  readonly text: string;
  /** False when a figure is worth nothing: a plan broke a rule, or a process failed. Never because something was slow. */
  readonly sound: boolean;
}

export interface Bench {
  readonly name: string;
  readonly run: (context: BenchContext) => Promise<BenchReport>;
}
