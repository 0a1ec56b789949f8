// The numbered points at which one life of a process may end: each time it speaks to the outside, and each time it is answered.

/** "before": nothing was sent yet. "after": it had its effect, and the answer is never heard. */
export type Moment = "before" | "after";

export interface CrashPoint {
  /** From 1, in the order in which the life comes by them. */
  readonly number: number;
  readonly moment: Moment;
  /** What was called: "patch NodeClaim default-abcde", "PUT /1.0/cloud/…". */
  readonly call: string;
}

/** One call; its name may become known only while it runs, and is worked out only when somebody asks. */
export interface OutsideCall {
  name: string | (() => string);
}

/** A new one each time, so that what waits for it can be forgotten. */
const never = (): Promise<never> => new Promise(() => {});

/** Counts the points of one life and ends it at the chosen one. */
export class CrashPoints {
  readonly #passed: { readonly moment: Moment; readonly call: OutsideCall }[] = [];
  #dieAt: number;
  #onDeath: () => void;
  #dead = false;

  constructor(dieAt: number | undefined, onDeath: () => void) {
    this.#dieAt = dieAt ?? Infinity;
    this.#onDeath = onDeath;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** All that were passed; the last one is where the life ended, if it did. */
  list(): readonly CrashPoint[] {
    return this.#passed.map(({ moment, call: { name } }, index) => ({
      number: index + 1,
      moment,
      call: typeof name === "string" ? name : name(),
    }));
  }

  endAfter(points: number, onDeath: () => void): void {
    const before = this.#onDeath;
    this.#dieAt = this.#passed.length + points;
    this.#onDeath = () => {
      before();
      onDeath();
    };
  }

  end(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#onDeath();
  }

  /** Does the work unless the life is over by then; a life that is over never hears of anything. */
  async around<T>(call: OutsideCall, work: () => Promise<T>): Promise<T> {
    if (this.#endsAt("before", call)) return never();
    try {
      const answer = await work();
      if (this.#endsAt("after", call)) return await never();
      return answer;
    } catch (error) {
      if (this.#endsAt("after", call)) return await never();
      throw error;
    }
  }

  #endsAt(moment: Moment, call: OutsideCall): boolean {
    if (this.#dead) return true;
    this.#passed.push({ moment, call });
    if (this.#passed.length >= this.#dieAt) this.end();
    return this.#dead;
  }
}
