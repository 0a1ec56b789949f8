// The calls to Managed Kubernetes that the provider uses, typed. Scaling down without naming the machines cannot be expressed here (O-51).

import type { ApiRequest, HttpMethod, OvhApi } from "./ovh-api.ts";
import { kindOf } from "./failure-kind.ts";
import { pathOf } from "./path.ts";
import {
  listOf,
  parseCluster,
  parseKubeFlavor,
  parseMachine,
  parsePool,
  parseProjectFlavor,
  parseRegion,
  WireError,
} from "./wire.ts";
import type {
  WireCluster,
  WireKubeFlavor,
  WireMachine,
  WirePool,
  WireProjectFlavor,
  WireRegion,
  WireTemplate,
} from "./wire.ts";

const PROJECT = "/cloud/project/{serviceName}";
const CLUSTER = `${PROJECT}/kube/{kubeId}`;
const POOLS = `${CLUSTER}/nodepool`;
const NODE = `${CLUSTER}/node/{nodeId}`;
const POOL = `${POOLS}/{poolId}`;

export type NonEmpty<T> = readonly [T, ...T[]];

export interface PoolSpec {
  readonly name: string;
  readonly flavorName: string;
  readonly desiredNodes: number;
  readonly maxNodes: number;
  readonly monthlyBilled: boolean;
  readonly antiAffinity: boolean;
  /** Absent leaves the field out (one-AZ regions). */
  readonly availabilityZones?: readonly string[];
  readonly attachFloatingIps: boolean;
  readonly template: WireTemplate;
}

export interface PoolSize {
  readonly id: string;
  readonly name: string;
  readonly desiredNodes: number;
}

export class MksClient {
  readonly serviceName: string;
  readonly #api: OvhApi;

  constructor(api: OvhApi, serviceName: string) {
    this.#api = api;
    this.serviceName = serviceName;
  }

  async clusterIds(signal: AbortSignal): Promise<readonly string[]> {
    const data = await this.#call("GET", `${PROJECT}/kube`, {}, { signal });
    return listOf(data, "cluster", (entry) => {
      if (typeof entry !== "string") throw new WireError("the API answered a cluster id that is no text");
      return entry;
    });
  }

  async cluster(kubeId: string, signal: AbortSignal): Promise<WireCluster> {
    return parseCluster(await this.#call("GET", CLUSTER, { kubeId }, { signal }));
  }

  async kubeFlavors(kubeId: string, signal: AbortSignal): Promise<readonly WireKubeFlavor[]> {
    return listOf(await this.#call("GET", `${CLUSTER}/flavors`, { kubeId }, { signal }), "flavor", parseKubeFlavor);
  }

  /** Without a cluster; other rights are enough for it (O-16). */
  async capabilityFlavors(region: string, signal: AbortSignal): Promise<readonly WireKubeFlavor[]> {
    const data = await this.#call("GET", `${PROJECT}/capabilities/kube/flavors`, {}, { signal, query: { region } });
    return listOf(data, "flavor", parseKubeFlavor);
  }

  async projectFlavors(region: string, signal: AbortSignal): Promise<readonly WireProjectFlavor[]> {
    const data = await this.#call("GET", `${PROJECT}/flavor`, {}, { signal, query: { region } });
    return listOf(data, "flavor", parseProjectFlavor);
  }

  async region(name: string, signal: AbortSignal): Promise<WireRegion> {
    return parseRegion(await this.#call("GET", `${PROJECT}/region/{name}`, { name }, { signal }));
  }

  /** Regions that sell Kubernetes, with their zones. */
  async kubernetesRegions(subsidiary: string, signal: AbortSignal): Promise<readonly WireRegion[]> {
    const query = { ovhSubsidiary: subsidiary, product: "kubernetes" };
    const data = await this.#call("GET", `${PROJECT}/capabilities/productAvailability`, {}, { signal, query });
    const products = (data as { products?: unknown } | null)?.products;
    return listOf(products, "product", (entry) => (entry as { regions?: unknown }).regions).flatMap((regions) =>
      listOf(regions, "region", parseRegion),
    );
  }

  async pools(kubeId: string, signal: AbortSignal): Promise<readonly WirePool[]> {
    return listOf(await this.#call("GET", POOLS, { kubeId }, { signal }), "pool", parsePool);
  }

  /** Undefined when the API does not know it (yet, or any more). */
  async pool(kubeId: string, poolId: string, signal: AbortSignal): Promise<WirePool | undefined> {
    try {
      return parsePool(await this.#call("GET", POOL, { kubeId, poolId }, { signal }));
    } catch (error) {
      if (kindOf(error) === "not-found") return undefined;
      throw error;
    }
  }

  async machines(kubeId: string, poolId: string, signal: AbortSignal): Promise<readonly WireMachine[]> {
    const data = await this.#call("GET", `${POOL}/nodes`, { kubeId, poolId }, { signal });
    return listOf(data, "node", parseMachine);
  }

  /** Machines of the pool that are gone for good. */
  async formerMachines(kubeId: string, poolId: string, signal: AbortSignal): Promise<readonly WireMachine[]> {
    const query = { history: "true" };
    const data = await this.#call("GET", `${POOL}/nodes`, { kubeId, poolId }, { signal, query });
    return listOf(data, "node", parseMachine);
  }

  /** Never sent twice: the caller looks for the pool by name after a lost answer (O-28). */
  async createPool(kubeId: string, spec: PoolSpec, signal: AbortSignal): Promise<WirePool> {
    const body = createBody(spec);
    const note = `pool ${spec.name}: ${spec.desiredNodes} of ${spec.flavorName}`;
    return parsePool(await this.#call("POST", POOLS, { kubeId }, { signal, body, note }));
  }

  async growPool(kubeId: string, pool: PoolSize, desiredNodes: number, signal: AbortSignal): Promise<void> {
    if (desiredNodes <= pool.desiredNodes) {
      throw new Error(`pool ${pool.name} cannot grow from ${pool.desiredNodes} to ${desiredNodes}`);
    }
    const note = `pool ${pool.name}: desiredNodes ${pool.desiredNodes} to ${desiredNodes}`;
    await this.#call("PUT", POOL, { kubeId, poolId: pool.id }, { signal, body: { desiredNodes }, note });
  }

  /** Lowers the pool by exactly the named machines. Never sent twice: whether it was carried out is read back first (O-50). */
  async removeMachines(
    kubeId: string,
    pool: PoolSize,
    machineIds: NonEmpty<string>,
    signal: AbortSignal,
  ): Promise<void> {
    if (new Set(machineIds).size !== machineIds.length || machineIds.includes("")) {
      throw new Error(`pool ${pool.name}: the machines to remove must be named once each`);
    }
    const desiredNodes = Math.max(0, pool.desiredNodes - machineIds.length);
    const body = { desiredNodes, nodesToRemove: [...machineIds] };
    const note = `pool ${pool.name}: desiredNodes ${pool.desiredNodes} to ${desiredNodes}, removing ${machineIds.join(", ")}`;
    await this.#call("PUT", POOL, { kubeId, poolId: pool.id }, { signal, body, note, repeatable: false });
  }

  /** Deletes one machine; the API lowers the pool's size by itself (O-50.4). Gone already is as good. */
  async removeMachine(kubeId: string, pool: PoolSize, machineId: string, signal: AbortSignal): Promise<void> {
    const note = `pool ${pool.name}: removing ${machineId}`;
    try {
      await this.#call("DELETE", NODE, { kubeId, nodeId: machineId }, { signal, note, repeatable: false });
    } catch (error) {
      if (kindOf(error) !== "not-found") throw error;
    }
  }

  /** Takes back what another autoscaler was allowed to do (O-14). */
  async repairPool(kubeId: string, pool: PoolSize, maxNodes: number, signal: AbortSignal): Promise<void> {
    const body = { autoscale: false, minNodes: 0, maxNodes };
    const note = `pool ${pool.name}: autoscale off, minNodes 0, maxNodes ${maxNodes}`;
    await this.#call("PUT", POOL, { kubeId, poolId: pool.id }, { signal, body, note });
  }

  /** Makes a pool ours: its template with our labels, and nothing else may size it (O-4, O-14). */
  async adoptPool(
    kubeId: string,
    pool: PoolSize & { readonly maxNodes: number },
    template: WireTemplate,
    signal: AbortSignal,
  ): Promise<void> {
    const body = { autoscale: false, minNodes: 0, maxNodes: Math.max(pool.maxNodes, pool.desiredNodes), template };
    const note = `pool ${pool.name}: our owner labels, autoscale off, minNodes 0`;
    await this.#call("PUT", POOL, { kubeId, poolId: pool.id }, { signal, body, note });
  }

  async deletePool(kubeId: string, pool: PoolSize, signal: AbortSignal): Promise<void> {
    try {
      await this.#call("DELETE", POOL, { kubeId, poolId: pool.id }, { signal, note: `empty pool ${pool.name}` });
    } catch (error) {
      if (kindOf(error) !== "not-found") throw error;
    }
  }

  async #call(
    method: HttpMethod,
    route: string,
    values: Readonly<Record<string, string>>,
    request: Omit<ApiRequest, "path" | "route">,
  ): Promise<unknown> {
    const { path } = pathOf(route, { serviceName: this.serviceName, ...values });
    return (await this.#api.call(method, { ...request, path, route })).data;
  }
}

/** O-40: every field explicit and in this order. */
function createBody(spec: PoolSpec): Readonly<Record<string, unknown>> {
  return {
    name: spec.name,
    flavorName: spec.flavorName,
    desiredNodes: spec.desiredNodes,
    minNodes: 0,
    maxNodes: spec.maxNodes,
    autoscale: false,
    monthlyBilled: spec.monthlyBilled,
    antiAffinity: spec.antiAffinity,
    ...(spec.availabilityZones === undefined ? {} : { availabilityZones: [...spec.availabilityZones] }),
    ...(spec.attachFloatingIps ? { attachFloatingIps: { enabled: true } } : {}),
    template: spec.template,
  };
}
