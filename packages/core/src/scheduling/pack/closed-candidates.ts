// Remembers which candidates have refused pods of a kind for good, so that nobody asks them again (S-1008).

import { bitsFor, grown, setBit, wordsFor } from "../compile/bits.ts";
import type { Bits } from "../compile/bits.ts";
import type { CompiledProblem, RequestVector } from "../compile/problem.ts";
import type { Stance } from "../compile/shapes.ts";
import { MIN_VALUES, NO_OPTION, RESOURCES } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

interface Closed {
  readonly nodes: Bits;
  claims: Bits;
}

interface ClosedSets {
  /** Whatever the pod requests. */
  readonly always: Bits;
  /** For want of room, whatever kind of pod it is. */
  readonly forSize: Bits;
}

/** Claims only become narrower and fuller, so most refusals stand; those by topology may not. */
export class ClosedCandidates {
  readonly #nodeCount: number;
  readonly #vectorCount: number;
  readonly #byStance: (Closed | undefined)[] = [];
  readonly #byVector: (Closed | undefined)[] = [];
  /** By stance and vector together: no option left that suits both. */
  readonly #byBoth = new Map<number, Bits>();

  constructor({ nodes, vectors }: CompiledProblem) {
    this.#nodeCount = nodes.count;
    this.#vectorCount = vectors.length;
  }

  /** The sets themselves: whoever tries nodes adds to them. */
  nodesFor(stance: Stance, vector: RequestVector): ClosedSets {
    return { always: this.#closedTo(stance).nodes, forSize: this.#closedToSize(vector).nodes };
  }

  claimsFor(stance: Stance, vector: RequestVector): ClosedSets & { readonly forBoth: Bits | undefined } {
    return {
      always: this.#closedTo(stance).claims,
      forSize: this.#closedToSize(vector).claims,
      forBoth: this.#byBoth.get(this.#pairOf(stance, vector)),
    };
  }

  closeClaim(claim: number, verdict: Verdict, stance: Stance, vector: RequestVector, mayChange: boolean): void {
    if (verdict === RESOURCES) close(this.#closedToSize(vector), claim);
    else if (mayChange) return;
    else if (verdict !== NO_OPTION && verdict !== MIN_VALUES) close(this.#closedTo(stance), claim);
    else {
      const pair = this.#pairOf(stance, vector);
      const bits = grown(this.#byBoth.get(pair) ?? bitsFor(0), wordsFor(claim + 1));
      setBit(bits, claim);
      this.#byBoth.set(pair, bits);
    }
  }

  #closedTo({ index }: Stance): Closed {
    return (this.#byStance[index] ??= { nodes: bitsFor(this.#nodeCount), claims: bitsFor(0) });
  }

  #closedToSize({ index }: RequestVector): Closed {
    return (this.#byVector[index] ??= { nodes: bitsFor(this.#nodeCount), claims: bitsFor(0) });
  }

  #pairOf(stance: Stance, vector: RequestVector): number {
    return stance.index * this.#vectorCount + vector.index;
  }
}

function close(closed: Closed, claim: number): void {
  closed.claims = grown(closed.claims, wordsFor(claim + 1));
  setBit(closed.claims, claim);
}
