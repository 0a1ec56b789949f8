// What the thread that renews the lease and the one that started it tell each other.

import type { ObjectKey } from "../client.ts";
import type { LeaseTimings } from "./lease-record.ts";

/** Given at the start. */
export interface LeaseWorkerData {
  readonly key: Required<ObjectKey>;
  readonly identity: string;
  readonly timings: LeaseTimings;
  /** Of a LeaseFence. */
  readonly fence: SharedArrayBuffer;
  /** @defaultValue KUBECONFIG, ~/.kube/config, then the pod's service account */
  readonly kubeconfig?: string;
  readonly userAgent: string;
}

/** To the lease thread: give the lease up and end. */
export type LeaseCommand = "release";

export type LeaseReport =
  | { readonly type: "acquired" }
  | { readonly type: "lost"; readonly why: string }
  | { readonly type: "slow-path" }
  | { readonly type: "failed"; readonly what: string; readonly error: string }
  /** Nothing follows. */
  | { readonly type: "ended" };
