// Managed clusters (§1.9): pools and nodes, and the paths that only the cluster autoscaler calls.

import { Reply } from "@karpenter-multicloud/core/testing/fake-cloud";
import { invalid } from "../api-error.ts";
import type { Call, Route } from "../router.ts";
import { routesOf } from "../router.ts";
import { KAPSULE_CLUSTER_ID } from "../world/kapsule.ts";
import type { KapsuleShelf } from "../world/kapsule.ts";
import { amount, asked, bodyOf, param, plainList } from "./call-context.ts";

const K8S = "/k8s/v1/regions/{region}";
const FRESH = { "Cache-Control": "max-age=10" };

export const KAPSULE_ROUTES: readonly Route[] = routesOf("kubernetes", [
  ["listClusters", "GET", `${K8S}/clusters`, (call) => plainList(call, "clusters", [clusterView(call)])],
  ["getCluster", "GET", `${K8S}/clusters/{cluster}`, getCluster],
  ["listKapsulePools", "GET", `${K8S}/clusters/{cluster}/pools`, listPools],
  ["getKapsulePool", "GET", `${K8S}/pools/{pool}`, (call) => poolView(call)],
  ["updateKapsulePool", "PATCH", `${K8S}/pools/{pool}`, resize],
  ["listKapsuleNodes", "GET", `${K8S}/clusters/{cluster}/nodes`, listNodes],
  ["deleteKapsuleNode", "DELETE", `${K8S}/nodes/{node}`, removeNode],
  ["autoscalerPools", "GET", `${K8S}/autoscaler/clusters/{cluster}/pools`, autoscalerPools],
  ["autoscalerNodes", "GET", `${K8S}/autoscaler/clusters/{cluster}/nodes`, autoscalerNodes],
  ["autoscalerUpdatePool", "PATCH", `${K8S}/autoscaler/pools/{pool}`, (call) => fresh(autoscalerPool(resize(call)))],
  ["autoscalerDeleteNode", "DELETE", `${K8S}/autoscaler/nodes/{node}`, (call) => fresh(removeNode(call))],
]);

function shelf(call: Call): KapsuleShelf {
  return call.backend.world.kapsule;
}

function region(call: Call): string {
  return param(call, "region");
}

function clusterView(call: Call): unknown {
  return {
    id: KAPSULE_CLUSTER_ID,
    name: "fake",
    type: "kapsule",
    region: region(call),
    status: "ready",
    version: "1.36.1",
  };
}

function getCluster(call: Call): unknown {
  shelf(call).checkCluster(param(call, "cluster"));
  return clusterView(call);
}

function poolView(call: Call): Readonly<Record<string, unknown>> {
  return shelf(call).poolView(shelf(call).pool(param(call, "pool")), region(call));
}

function poolViews(call: Call): readonly Readonly<Record<string, unknown>>[] {
  shelf(call).checkCluster(param(call, "cluster"));
  return shelf(call)
    .pools()
    .map((pool) => shelf(call).poolView(pool, region(call)));
}

function listPools(call: Call): unknown {
  return plainList(call, "pools", poolViews(call));
}

function resize(call: Call): Readonly<Record<string, unknown>> {
  const size = amount(bodyOf(call), "size");
  if (size === undefined || size < 0) throw invalid("size", "must be a number of nodes");
  return shelf(call).poolView(shelf(call).resize(param(call, "pool"), size), region(call));
}

function nodeViews(call: Call): readonly Readonly<Record<string, unknown>>[] {
  shelf(call).checkCluster(param(call, "cluster"));
  return shelf(call)
    .nodes()
    .filter((node) => asked(call, "pool_id", node.poolId) && asked(call, "name", node.name))
    .map((node) => shelf(call).nodeView(node, region(call)));
}

function listNodes(call: Call): unknown {
  return plainList(call, "nodes", nodeViews(call));
}

function removeNode(call: Call): unknown {
  const node = shelf(call).remove(param(call, "node"), call.query.get("replace") === "true");
  return { ...shelf(call).nodeView(node, region(call)), status: "deleting" };
}

function autoscalerPool(view: Readonly<Record<string, unknown>>): unknown {
  const resources = { cpu: 3000, memory: 4_000_000_000, storage: 20_000_000_000, pods: 110 };
  return {
    ...view,
    capacity: resources,
    allocatable: resources,
    labels: { "k8s.scaleway.com/pool": String(view["id"]) },
    taints: {},
    node_price_per_hour: 0.020196,
  };
}

function autoscalerPools(call: Call): unknown {
  return fresh(
    plainList(
      call,
      "pools",
      poolViews(call).map((view) => autoscalerPool(view)),
    ),
  );
}

function autoscalerNodes(call: Call): unknown {
  return fresh(plainList(call, "nodes", nodeViews(call)));
}

function fresh(body: unknown): Reply {
  return new Reply({ status: 200, body, headers: FRESH });
}
