// One life of a process between a cluster and a clock, which may end at any await that leaves it: no shutdown hook, no last word.

import type { KubeClient } from "@karpenter-multicloud/core/kube";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import { CrashPoints } from "./crash-points.ts";
import type { CrashPoint } from "./crash-points.ts";
import { MortalClient } from "./mortal-client.ts";
import { MortalClock } from "./mortal-clock.ts";
import type { DroppableClock } from "./mortal-clock.ts";

export interface MortalOptions {
  readonly client: KubeClient;
  /** A fork of the world's clock, for this life alone. */
  readonly clock: DroppableClock;
  /** Number of the point at which it dies. Absent: it lives, and its points are counted. */
  readonly dieAt?: number;
  /** Called once, at the moment of death. */
  readonly onDeath?: () => void;
}

/**
 * Hand `client` and `clock` to the process and nothing else that leaves it. After death calls that were sent go on having their
 * effect, as they do in a cloud, but nobody hears of them.
 */
export class Mortal {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly #points: CrashPoints;

  constructor({ client, clock, dieAt, onDeath }: MortalOptions) {
    const gone = new AbortController();
    this.#points = new CrashPoints(dieAt, () => {
      clock.drop();
      gone.abort(new Error("the process is gone"));
      onDeath?.();
    });
    this.client = new MortalClient(client, this.#points, gone.signal);
    this.clock = new MortalClock(clock, this.#points);
  }

  get dead(): boolean {
    return this.#points.dead;
  }

  /** What it came by so far. */
  points(): readonly CrashPoint[] {
    return this.#points.list();
  }

  /** The point it died at. */
  get deathPoint(): CrashPoint | undefined {
    return this.dead ? this.points().at(-1) : undefined;
  }

  /** Ends it so many points from now; `onDeath` is called then, besides the one it was made with. */
  dieAfter(points: number, onDeath: () => void): void {
    this.#points.endAfter(points, onDeath);
  }

  /** Ends it here and now. */
  kill(): void {
    this.#points.end();
  }
}
