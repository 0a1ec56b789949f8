// A whole Kubernetes cluster without machines: an API server in memory and stand-ins for the controllers around it, on one clock.

import { Deployments, Nodes, OPTIONAL_RESOURCES, Pods } from "@karpenter-multicloud/core/api";
import type { CustomResource, KubeObject, Node, Pod } from "@karpenter-multicloud/core/api";
import { createGatedClient, Mirror } from "@karpenter-multicloud/core/kube";
import type { ObjectKey } from "@karpenter-multicloud/core/kube";
import type { ActionGate, Clock } from "@karpenter-multicloud/core/runtime";
import { silentLogger } from "@karpenter-multicloud/core/telemetry";
import type { Logger } from "@karpenter-multicloud/core/telemetry";
import { InMemoryKube, MachineSide, seededRandom } from "@karpenter-multicloud/core/testing";
import type { MachineHooks } from "@karpenter-multicloud/core/testing";
import { applyAll } from "./apply.ts";
import { BUILT_IN_RESOURCES, OWNED_RESOURCES } from "./built-in-resources.ts";
import { startDisruptionController } from "./controllers/disruption-controller.ts";
import { startGarbageCollector } from "./controllers/garbage-collector.ts";
import { startKubelet } from "./kubelet.ts";
import type { KubeletOptions } from "./kubelet.ts";
import { startNodeLifecycle } from "./controllers/node-lifecycle.ts";
import { startScheduler } from "./scheduler.ts";
import { startTaintEviction } from "./controllers/taint-eviction.ts";
import { startWorkloads } from "./controllers/workloads.ts";
import type { World } from "./world.ts";

export interface SimulatedClusterOptions {
  readonly clock: Clock;
  /** Kinds served besides Kubernetes' own. */
  readonly customResources: readonly CustomResource[];
  /** Names of generated pods depend on it. @defaultValue 1 */
  readonly seed?: number;
  readonly kubelet?: KubeletOptions;
  /** @defaultValue silent */
  readonly logger?: Logger;
}

const OPEN: ActionGate = { observeOnly: false, run: (_, write) => write() };

export class SimulatedCluster {
  readonly kube: InMemoryKube;
  readonly machines: MachineHooks;
  readonly #options: SimulatedClusterOptions;

  constructor(options: SimulatedClusterOptions) {
    const { clock, customResources } = options;
    this.#options = options;
    this.kube = new InMemoryKube({
      now: () => clock.now(),
      schedule: (ms, callback) => clock.schedule(clock.now() + ms, callback),
      customResources,
    });
    this.machines = new MachineSide(this.kube, clock);
  }

  /** Starts the stand-ins until the signal ends them; resolves when they see the cluster. Objects may be applied before. */
  async start(signal: AbortSignal): Promise<void> {
    const { clock, customResources, seed = 1, logger = silentLogger, kubelet } = this.#options;
    const random = seededRandom(seed);
    const cache = new Mirror({
      client: this.kube,
      clock,
      logger,
      random: seededRandom(seed + 1),
      optional: OPTIONAL_RESOURCES,
    });
    const world: World = {
      kube: createGatedClient({ client: this.kube, gate: OPEN, cache }),
      cache,
      clock,
      random,
      signal,
      report: (part, key, error) => logger.error("simulated cluster: reconcile failed", { part, key, error }),
    };
    startScheduler(world);
    startKubelet(world, kubelet);
    startWorkloads(world);
    startGarbageCollector(world, [...OWNED_RESOURCES, ...customResources.map(({ resource }) => resource)]);
    startDisruptionController(world);
    startNodeLifecycle(world);
    startTaintEviction(world);
    cache.start(signal);
    await cache.waitForSync({ signal });
  }

  /** As `kubectl apply`: namespaces first; a namespace that does not exist is an error; none written means "default". */
  apply(objects: readonly KubeObject[]): Promise<readonly KubeObject[]> {
    const custom = this.#options.customResources.map(({ resource }) => resource);
    return applyAll(this.kube, [...BUILT_IN_RESOURCES, ...custom], objects);
  }

  /** As `kubectl scale deployment`. */
  async scale(deployment: ObjectKey, replicas: number): Promise<void> {
    await this.kube.patch(Deployments, deployment, { type: "merge", body: { spec: { replicas } } });
  }

  /** By namespace, then name. */
  async pods(options: { readonly namespace?: string; readonly labelSelector?: string } = {}): Promise<readonly Pod[]> {
    return (await this.kube.list(Pods, options)).items;
  }

  async nodes(): Promise<readonly Node[]> {
    return (await this.kube.list(Nodes)).items;
  }
}
