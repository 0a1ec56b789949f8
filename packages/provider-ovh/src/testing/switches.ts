// Which of the API's open or rare behaviours the fake shows. Tests change them while it runs; the provider must be safe with any value.

export interface Switches {
  /** "off": every call is granted, for demonstrations. */
  auth: "on" | "off";
  /** Added to the wall clock for /auth/time and the check of timestamps. */
  skewSeconds: number;
  /** Largest accepted difference of a timestamp. */
  timestampToleranceSeconds: number;
  oauthTokenSeconds: number;
  /** A machine in DELETING is not gone before its Node object is (F-6). */
  waitForNodeObject: boolean;
  /** Also updates of a busy pool are refused with 400, not only deletions. */
  refusePutWhileBusy: boolean;
  nameConflictStatus: 400 | 409;
  namesWithoutDecrease: "refuse" | "ignore";
  /** The names of a removal are lost: the newest machines go instead. */
  forgetNames: boolean;
  /** Quota exceeded: the machine fails, or the request is refused. */
  quotaAt: "machine" | "request";
  /** Whether one-zone regions insist on the field availabilityZones. */
  oneAzZones: "optional" | "required";
  /** A fresh pool answers 404 and is not listed for this long. */
  poolInvisibleSeconds: number;
  emptyAnswer: "null" | "empty";
  /** The service's own drain before a deletion. */
  drainSeconds: number;
  /** The zone label of Nodes, when another than the usual one. */
  nodeZoneLabel: string | undefined;
  /** From a machine's order until it is READY, when another time than the speed's; its Node joins after three quarters of it. */
  bootSeconds: number | undefined;
  /** Template labels reach a fresh Node this late. */
  labelsLateSeconds: number;
  /** A reinstalled Node lacks the label "nodepool". */
  loseLabels: boolean;
  /** What part of the nominal memory a Node reports. */
  memoryFactor: number;
  /** Nodes with GPUs report nvidia.com/gpu. */
  gpuPlugin: boolean;
  /** Above this many requests in a wall second an invariant is broken; 0 = no limit. */
  maxRequestsPerSecond: number;
}

export const DEFAULT_SWITCHES: Readonly<Switches> = {
  auth: "on",
  skewSeconds: 0,
  timestampToleranceSeconds: 30,
  oauthTokenSeconds: 3599,
  waitForNodeObject: true,
  refusePutWhileBusy: false,
  nameConflictStatus: 409,
  namesWithoutDecrease: "refuse",
  forgetNames: false,
  quotaAt: "machine",
  oneAzZones: "optional",
  poolInvisibleSeconds: 0,
  emptyAnswer: "null",
  drainSeconds: 0,
  nodeZoneLabel: undefined,
  bootSeconds: undefined,
  labelsLateSeconds: 0,
  loseLabels: false,
  memoryFactor: 1,
  gpuPlugin: true,
  maxRequestsPerSecond: 0,
};
