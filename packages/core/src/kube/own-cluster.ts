// Where a process finds its API server, as far as others reach it under the same address.

/** The server of a kubeconfig file; never a service account's address, which no booting machine reaches. */
export interface OwnCluster {
  /** https://host:port */
  readonly server: string;
  /** PEM. */
  readonly caBundle?: string;
}
