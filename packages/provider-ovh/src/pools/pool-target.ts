// What a caller wants of one pool: its name, how to make it, and on whose behalf.

import type { OVHNodeClass } from "../api/ovh-node-class.ts";
import type { ClusterAccess } from "../access/cluster-access.ts";
import type { PoolShape } from "./pool-key.ts";

export interface PoolTarget {
  readonly access: ClusterAccess;
  readonly name: string;
  readonly nodeClass: OVHNodeClass;
  readonly clusterName: string;
  readonly shape: PoolShape;
  /** Machines it may hold. */
  readonly maxNodes: number;
  /** Machines the whole cluster may hold. */
  readonly clusterLimit: number;
}
