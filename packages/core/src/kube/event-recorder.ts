// The port through which controllers tell users what happened, as Kubernetes Events.

import type { KubeObject, Resource } from "../api/index.ts";
import type { Duration } from "../units/index.ts";

export interface EventNote<T extends KubeObject = KubeObject> {
  readonly resource: Resource<T>;
  readonly object: T;
  readonly type: "Normal" | "Warning";
  /** PascalCase. */
  readonly reason: string;
  readonly message: string;
  /** The same note is not repeated within this time. @defaultValue 2 minutes */
  readonly dedupeFor?: Duration;
  /** What counts as the same note. @defaultValue object, reason and message */
  readonly dedupeKey?: string;
}

export interface EventRecorder {
  /** Never throws and never waits; events about cluster-scoped objects go to namespace default. */
  publish<T extends KubeObject>(note: EventNote<T>): void;
}
