// What a plan can do wrong.

export type ViolatedRule =
  | "PodMissing"
  | "PodTwice"
  | "PodUnknown"
  | "PoolUnusable"
  | "NodeUnknown"
  | "Labels"
  | "Taints"
  | "Resources"
  | "Requests"
  | "HostPorts"
  | "VolumeClaim"
  | "VolumeTopology"
  | "VolumeLimit"
  | "TopologySpread"
  | "PodAffinity"
  | "PodAntiAffinity"
  | "Limits"
  | "MinValues"
  | "Reservations"
  | "InstanceTypes"
  | "Offerings"
  | "Cheapest"
  | "NotCheckable";

export interface Violation {
  readonly rule: ViolatedRule;
  /** The claim or node it is about, "" for the plan as a whole. */
  readonly place: string;
  readonly detail: string;
}
