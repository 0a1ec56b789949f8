// The routes of managed clusters: clusters, node pools and machines.

import type { Call, Route } from "../router.ts";
import { clusterView, findMachine, listMachines, visiblePools } from "../world/cluster.ts";
import type { MachineOrder } from "../world/machine.ts";
import { machineView } from "../world/machine.ts";
import type { Pool } from "../world/pool.ts";
import { poolView } from "../world/pool.ts";
import { bodyOf, clusterOf, now, param, poolOf, serviceName } from "./call-context.ts";
import { kubeFlavors } from "./flavor-views.ts";
import { paged } from "./paging.ts";

const KUBE = "/cloud/project/{serviceName}/kube";
const POOLS = `${KUBE}/{kubeId}/nodepool`;
const POOL = `${POOLS}/{nodePoolId}`;
const NODES = `${KUBE}/{kubeId}/node`;

export const KUBE_ROUTES: readonly Route[] = [
  route("listClusters", "GET", KUBE, "kube/get", (call) => {
    const service = serviceName(call);
    const clusters = [...call.backend.world.ground.clusters.values()];
    return clusters.filter((cluster) => cluster.serviceName === service).map(({ id }) => id);
  }),
  route("getCluster", "GET", `${KUBE}/{kubeId}`, "kube/get", (call) => clusterView(clusterOf(call))),
  route("listClusterFlavors", "GET", `${KUBE}/{kubeId}/flavors`, "kube/flavors/get", (call) => {
    clusterOf(call);
    return kubeFlavors(call.backend.world.ground);
  }),
  route("listPools", "GET", POOLS, "kube/nodepool/get", (call) =>
    visiblePools(clusterOf(call), now(call)).map((pool) => viewOf(call, pool)),
  ),
  route("createPool", "POST", POOLS, "kube/nodepool/create", (call) =>
    viewOf(call, call.backend.world.createPool(clusterOf(call), bodyOf(call), orderOf(call, "createPool"))),
  ),
  route("getPool", "GET", POOL, "kube/nodepool/get", (call) => viewOf(call, poolOf(call).pool)),
  route("updatePool", "PUT", POOL, "kube/nodepool/edit", (call) => {
    const { cluster, pool } = poolOf(call);
    call.backend.world.updatePool(cluster, pool, bodyOf(call), orderOf(call, "updatePool"));
  }),
  route("deletePool", "DELETE", POOL, "kube/nodepool/delete", (call) => {
    const { cluster, pool } = poolOf(call);
    call.backend.world.deletePool(cluster, pool);
  }),
  route("listPoolMachines", "GET", `${POOL}/nodes`, "kube/nodepool/nodes/get", (call) =>
    machinesOf(call, [poolOf(call).pool]),
  ),
  route("listMachines", "GET", NODES, "kube/node/get", (call) => machinesOf(call, [...clusterOf(call).pools.values()])),
  route("getMachine", "GET", `${NODES}/{nodeId}`, "kube/node/get", (call) =>
    machineView(findMachine(clusterOf(call), param(call, "nodeId")).machine, serviceName(call)),
  ),
  route("deleteMachine", "DELETE", `${NODES}/{nodeId}`, "kube/node/delete", (call) => {
    call.backend.world.deleteMachine(clusterOf(call), param(call, "nodeId"));
  }),
];

function route(operation: string, method: Route["method"], path: string, iam: string, handle: Route["handle"]): Route {
  return { operation, method, path, access: "ruled", iamAction: `publicCloudProject:apiovh:${iam}`, handle };
}

function orderOf(call: Call, operation: string): MachineOrder {
  return { method: call.method, path: call.path, operation };
}

function viewOf(call: Call, pool: Pool): Readonly<Record<string, unknown>> {
  return poolView(pool, serviceName(call), now(call));
}

function machinesOf(call: Call, pools: readonly Pool[]): unknown {
  const history = call.query.get("history") === "true";
  const views = listMachines(pools, history).map((machine) => machineView(machine, serviceName(call)));
  return paged(call, views);
}
