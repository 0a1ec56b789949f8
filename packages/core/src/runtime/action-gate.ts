// The one door every write to a cluster or a cloud passes: observe mode, rate and the audit record.

export interface Action {
  readonly target: "cluster" | "cloud";
  /** "create", "patch", "delete", "evict", or the cloud's method. */
  readonly verb: string;
  /** "NodeClaim default-x7k2p", "POST /cloud/project/{serviceName}/kube/{kubeId}/nodepool". */
  readonly subject: string;
}

export interface ActionGate {
  /** True: decisions are made and recorded, nothing is written. */
  readonly observeOnly: boolean;
  /** Runs the write. In observe mode it throws ObserveOnly instead, except for what only informs (events, our own status). */
  run<T>(action: Action, write: () => Promise<T>): Promise<T>;
}

/** Thrown instead of a write in observe mode; the manager takes it as done, without an error. */
export class ObserveOnly extends Error {
  override readonly name = "ObserveOnly";
  readonly action: Action;

  constructor(action: Action) {
    super(`observe mode: ${action.verb} ${action.subject} was not done`);
    this.action = action;
  }
}
