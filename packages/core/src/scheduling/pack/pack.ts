// Runs the queue: large pods first, failed ones again as long as anything changes (S-314), and then what settling claims makes possible (S-1024).

import type { CompiledProblem } from "../compile/problem.ts";
import type { SolveOptions } from "../solution.ts";
import { DomainCommitter } from "./commit-domains.ts";
import { DEFERRED, FAILED, Packer, PLACED } from "./packer.ts";

/** S-315: placements between two looks at the time. */
const STOP_INTERVAL = 64;
const UNTRIED = 0;

export interface Packing {
  readonly packer: Packer;
  /** Pods left over, as indices into the problem's pods. */
  readonly failed: readonly number[];
  readonly deferred: readonly number[];
  readonly untried: readonly number[];
}

/** Pauses now and then, each time with the number of pods that are left. */
export function* pack(
  problem: CompiledProblem,
  { mode = "fast", shouldStop = () => false }: SolveOptions,
): Generator<number, Packing, undefined> {
  const queue = new Queue(problem, shouldStop);
  yield problem.pods.length;
  yield* queue.run();
  if (mode === "fast") {
    while (!queue.isStopped && (yield* queue.settle())) yield* queue.run();
  }
  return queue.left();
}

class Queue {
  readonly packer: Packer;
  isStopped = false;
  readonly #problem: CompiledProblem;
  readonly #shouldStop: () => boolean;
  #waiting: number[];
  #head = 0;
  /** By pod: how many waited when it was last put back. */
  readonly #lengthAtPush: Int32Array;
  readonly #outcomes: Uint8Array;
  /** Changes when a pod like this last found no place, and how it ended: until something changes it finds none again. */
  readonly #refusedAt = new Map<number, number>();
  readonly #refusal = new Map<number, number>();
  #placements = 0;
  readonly #committer: DomainCommitter;

  constructor(problem: CompiledProblem, shouldStop: () => boolean) {
    this.packer = new Packer(problem);
    this.#committer = new DomainCommitter(this.packer);
    this.#problem = problem;
    this.#shouldStop = shouldStop;
    this.#waiting = Array.from(problem.pods.keys());
    this.#lengthAtPush = new Int32Array(problem.pods.length);
    this.#outcomes = new Uint8Array(problem.pods.length);
  }

  /** Pauses after each attempt, for the first ones with a new kind of pod take milliseconds. */
  *run(): Generator<number, void, undefined> {
    this.#head = 0;
    this.#lengthAtPush.fill(-1);
    while (this.#tryNext()) yield this.#waiting.length - this.#head;
    this.#waiting = this.#waiting.slice(this.#head);
  }

  /** False when a whole round has changed nothing, or nothing is left. */
  #tryNext(): boolean {
    const waiting = this.#waiting;
    const pod = waiting[this.#head];
    if (pod === undefined || this.isStopped || this.#lengthAtPush[pod] === waiting.length - this.#head) return false;
    this.#head++;
    if (this.#tryPod(pod) === PLACED) {
      this.#placeFollowing(pod);
      return true;
    }
    waiting.push(pod);
    this.#lengthAtPush[pod] = waiting.length - this.#head;
    return true;
  }

  /** S-1013: pods that are just like the one before, as many as the same place takes; never past a look at the time (S-315). */
  #placeFollowing(pod: number): void {
    if (this.packer.shapeOf(pod)?.isPlain !== true) return;
    const kind = this.#kindOf(pod);
    const end = Math.min(this.#waiting.length, this.#head + STOP_INTERVAL - (this.#placements % STOP_INTERVAL));
    let next = this.#head;
    while (next < end && this.#isNewOfKind(this.#waiting[next], kind)) next++;
    if (next === this.#head || this.isStopped) return;
    const alike = this.#waiting.slice(this.#head, next);
    const count = this.packer.placeAlike(pod, alike);
    for (let each = 0; each < count; each++) this.#placed(alike[each] ?? 0);
    this.#head += count;
  }

  #isNewOfKind(pod: number | undefined, kind: number): boolean {
    return pod !== undefined && this.#lengthAtPush[pod] === -1 && this.#kindOf(pod) === kind;
  }

  /** One pass over the pods that are left; true when that changed anything. */
  *settle(): Generator<number, boolean, undefined> {
    const left: number[] = [];
    const before = this.#changes;
    const hopeless = new Map<number, number>();
    const waiting = this.#waiting;
    for (const [position, pod] of waiting.entries()) {
      yield left.length + waiting.length - position;
      if (this.isStopped) {
        left.push(...waiting.slice(position));
        break;
      }
      if (this.#tryPod(pod) !== FAILED) {
        if (this.#outcomes[pod] !== PLACED) left.push(pod);
        continue;
      }
      const kind = this.#kindOf(pod);
      const outcome = hopeless.get(kind) === this.#changes ? FAILED : this.#committer.place(pod);
      if (outcome === PLACED) this.#placed(pod);
      else {
        hopeless.set(kind, this.#changes);
        left.push(pod);
      }
    }
    this.#waiting = left;
    return this.#changes > before;
  }

  left(): Packing {
    const ended = (outcome: number): readonly number[] =>
      this.#waiting.filter((pod) => this.#outcomes[pod] === outcome);
    return { packer: this.packer, failed: ended(FAILED), deferred: ended(DEFERRED), untried: ended(UNTRIED) };
  }

  #tryPod(pod: number): number {
    const kind = this.#kindOf(pod);
    const known = this.#refusedAt.get(kind) === this.#changes ? this.#refusal.get(kind) : undefined;
    const outcome = known ?? this.packer.place(pod);
    if (outcome === PLACED) this.#placed(pod);
    else {
      this.#outcomes[pod] = outcome;
      this.#refusedAt.set(kind, this.#changes);
      this.#refusal.set(kind, outcome);
    }
    return outcome;
  }

  #placed(pod: number): void {
    this.#outcomes[pod] = PLACED;
    this.#placements++;
    if (this.#placements % STOP_INTERVAL === 0 && this.#shouldStop()) this.isStopped = true;
  }

  /** As long as it stays the same, whatever was refused is refused again. */
  get #changes(): number {
    return this.#placements + this.#committer.commitments;
  }

  /** Equal for pods that every candidate treats alike. */
  #kindOf(pod: number): number {
    const { shapeOfPod, vectorOfPod, vectors } = this.#problem;
    return (shapeOfPod[pod] ?? 0) * vectors.length + (vectorOfPod[pod] ?? 0);
  }
}
