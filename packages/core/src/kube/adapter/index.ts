export { createKubeClient, type KubeClientOptions } from "./create-kube-client.ts";
export { ownCluster } from "./own-cluster.ts";
export type { ConfigSource } from "./credentials.ts";
export { ServerTime } from "./server-time.ts";
