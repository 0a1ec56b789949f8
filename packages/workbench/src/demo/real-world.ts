// A real control plane with its scheduler and controllers, kwok in place of kubelets, a fake cloud, and our controllers, in real time.

import {
  CUSTOM_RESOURCES,
  Deployments,
  NodePools,
  Nodes,
  Pods,
  toCustomResourceDefinition,
  type CustomResource,
  type KubeObject,
  type NodePool,
} from "@karpenter-multicloud/core/api";
import type { KubeClient } from "@karpenter-multicloud/core/kube";
import { createKubeClient } from "@karpenter-multicloud/core/kube/adapter";
import { defaultSettings } from "@karpenter-multicloud/core/options";
import { PromMetrics, type Logger } from "@karpenter-multicloud/core/telemetry";
import { seconds } from "@karpenter-multicloud/core/units";
import { applyAll, BUILT_IN_RESOURCES, seededRandom } from "@karpenter-multicloud/simulator";
import {
  missingBinaries,
  neededBinaries,
  startControlPlane,
  type ControlPlane,
  type OptionalComponent,
} from "@karpenter-multicloud/testkit/control-plane";
import { RealClock } from "../real-cluster/real-clock.ts";
import { RealMachines } from "../real-cluster/real-machines.ts";
import { beginLife, type ControllerLife } from "./controller-life.ts";
import type { CloudOpener, DemoCloud, ManifestFile } from "./demo-cloud.ts";
import type { DemoCluster, DemoWorld } from "./demo-world.ts";
import { UsageError } from "../command-line/read-flags.ts";

export interface RealWorldOptions {
  readonly logger: Logger;
  readonly seed?: number;
  readonly cloud: CloudOpener;
  /** The user's own manifests. */
  readonly files?: readonly ManifestFile[];
}

/** Nobody watches an empty pool for ten minutes. */
const IMPATIENT = { OVH_EMPTY_POOL_TTL: "5s" };
const COMPONENTS: readonly OptionalComponent[] = ["scheduler", "controller-manager", "kwok"];

export class RealWorld implements DemoWorld {
  readonly clock: RealClock;
  readonly cluster: DemoCluster;
  readonly cloud: DemoCloud;
  readonly #plane: ControlPlane;
  readonly #logger: Logger;
  readonly #seed: number;
  readonly #off: AbortController;

  private constructor(parts: {
    readonly clock: RealClock;
    readonly cluster: DemoCluster;
    readonly cloud: DemoCloud;
    readonly plane: ControlPlane;
    readonly off: AbortController;
    readonly options: RealWorldOptions;
  }) {
    this.clock = parts.clock;
    this.cluster = parts.cluster;
    this.cloud = parts.cloud;
    this.#plane = parts.plane;
    this.#off = parts.off;
    this.#logger = parts.options.logger;
    this.#seed = parts.options.seed ?? 1;
  }

  /** @throws UsageError when the control plane's programs are not there */
  static async open(options: RealWorldOptions): Promise<RealWorld> {
    requirePrograms();
    const clock = new RealClock();
    const off = new AbortController();
    const customResources = [...CUSTOM_RESOURCES, ...options.cloud.customResources];
    const crds = customResources.map(toCustomResourceDefinition);
    const plane = await startControlPlane({ components: COMPONENTS, crds });
    try {
      const kube = clientOf(plane, options.logger);
      const cluster = realCluster(kube, customResources);
      const hooks = new RealMachines({ kube, clock, signal: off.signal });
      const cloud = await options.cloud.open({ clock, hooks, kube, seed: options.seed ?? 1 }, options.files ?? []);
      return new RealWorld({ clock, cluster, cloud, plane, off, options });
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  /** Empty nodes go soon, and all at once. */
  hurried(objects: readonly KubeObject[]): readonly KubeObject[] {
    return objects.map((object) => (object.kind === NodePools.kind ? inHurry(object as NodePool) : object));
  }

  startControllers(): ControllerLife {
    const client = clientOf(this.#plane, this.#logger);
    const env = { ...this.cloud.env, ...IMPATIENT };
    return beginLife(
      {
        client,
        clock: this.clock,
        logger: this.#logger,
        metrics: new PromMetrics(),
        settings: defaultSettings({ clusterName: "demo" }),
        env,
        random: seededRandom(this.#seed),
      },
      this.cloud.module,
    );
  }

  async close(): Promise<void> {
    this.#off.abort(new Error("the demo is over"));
    await this.cloud.close();
    await this.#plane.stop();
  }
}

function inHurry(pool: NodePool): NodePool {
  const disruption = { ...pool.spec.disruption, consolidateAfter: "5s", budgets: [{ nodes: "100%" }] };
  return { ...pool, spec: { ...pool.spec, disruption } };
}

function requirePrograms(): void {
  const missing = missingBinaries(neededBinaries(COMPONENTS));
  if (missing.length === 0) return;
  throw new UsageError(
    `--real needs ${missing.join(", ")}: build them once with \`pnpm controlplane build\` (needs Go), or set KUBEBUILDER_ASSETS`,
  );
}

function clientOf(plane: ControlPlane, logger: Logger): KubeClient {
  const options = { kubeconfig: plane.kubeconfigPath, clock: new RealClock(), logger };
  return createKubeClient({ ...options, requestTimeout: seconds(60) });
}

function realCluster(kube: KubeClient, customResources: readonly CustomResource[]): DemoCluster {
  const resources = [...BUILT_IN_RESOURCES, ...customResources.map(({ resource }) => resource)];
  return {
    kube,
    apply: (objects: readonly KubeObject[]) => applyAll(kube, resources, objects),
    scale: async (deployment, replicas) => {
      await kube.patch(Deployments, deployment, { type: "merge", body: { spec: { replicas } } });
    },
    pods: async () => (await kube.list(Pods)).items,
    nodes: async () => (await kube.list(Nodes)).items,
  };
}
