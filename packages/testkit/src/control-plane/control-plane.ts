// What a running control plane offers to a test.

/** Names of processes; etcd and kube-apiserver always run. */
export type Component = "etcd" | "kube-apiserver" | "kube-scheduler" | "kube-controller-manager" | "kwok";

/** What may run beside etcd and kube-apiserver. */
export type OptionalComponent = "scheduler" | "controller-manager" | "kwok";

export interface ControlPlane extends AsyncDisposable {
  /** https, loopback. */
  readonly url: string;
  readonly caFile: string;
  /** Of the administrator. */
  readonly kubeconfigPath: string;
  readonly adminToken: string;
  /** One JSON object per request, metadata only: who did what, and how it was answered. */
  readonly auditLogPath: string;
  /** Logs, data and keys; removed by `stop`. */
  readonly folder: string;
  /**
   * Path of a kubeconfig for "admin", for one of the `users` given at the start, or for "system:serviceaccount:<namespace>:<name>",
   * which must exist and gets a token as a pod would.
   */
  kubeconfig(user: string): Promise<string>;
  logPath(component: Component): string;
  /** At once, as a crash would (SIGKILL). */
  kill(component: Component): Promise<void>;
  /** Ends it if it runs, starts it with the same ports and data, and waits until it is ready. */
  restart(component: Component): Promise<void>;
  /** Forgets all versions but the current ones, so that older watches expire. Restarts kube-apiserver, whose cache would remember them. */
  forgetHistory(): Promise<void>;
  /** Ends all processes and removes the folder. */
  stop(): Promise<void>;
}

export interface ControlPlaneUser {
  readonly name: string;
  readonly groups?: readonly string[];
}
