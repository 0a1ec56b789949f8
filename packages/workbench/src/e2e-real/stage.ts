// Everything a test on the real thing stands on: a control plane, a fake cloud process, the controller process under the chart's rights, and the quick start's objects.

import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CUSTOM_RESOURCES,
  Deployments,
  getCondition,
  Leases,
  Namespaces,
  NodeClaims,
  NodePools,
  Nodes,
  Pods,
  Secrets,
  toCustomResourceDefinition,
  toRfc3339,
  type KubeObject,
  type NodePool,
  type Pod,
  type Resource,
} from "@karpenter-multicloud/core/api";
import { isNotFound, loadManifests, type KubeClient } from "@karpenter-multicloud/core/kube";
import { createKubeClient } from "@karpenter-multicloud/core/kube/adapter";
import { silentLogger } from "@karpenter-multicloud/core/telemetry";
import { OVH_CUSTOM_RESOURCES } from "@karpenter-multicloud/provider-ovh";
import { applyAll, BUILT_IN_RESOURCES } from "@karpenter-multicloud/simulator";
import {
  startControlPlane,
  type ControlPlane,
  type OptionalComponent,
} from "@karpenter-multicloud/testkit/control-plane";
import { readExamples } from "../demo/manifests.ts";
import { PATIENCE } from "../real-cluster/patience.ts";
import { RealClock } from "../real-cluster/real-clock.ts";
import { ControllerProcess } from "./controller-process.ts";
import { FakeCloudProcess } from "./fake-cloud-process.ts";
import { CONTROLLER_USER, environmentOf, NAMESPACE, renderChart, RIGHTS } from "./rendered-chart.ts";

const LEASE = { namespace: NAMESPACE, name: "karpenter-leader-election" };
const PROCESSES = ["etcd", "kube-apiserver", "kube-scheduler", "kube-controller-manager", "kwok"] as const;
export const COMPONENTS: readonly OptionalComponent[] = ["scheduler", "controller-manager", "kwok"];

const OUR_RESOURCES = [...CUSTOM_RESOURCES, ...OVH_CUSTOM_RESOURCES];
const RESOURCES: readonly Resource[] = [
  ...BUILT_IN_RESOURCES,
  ...RIGHTS,
  ...OUR_RESOURCES.map(({ resource }) => resource),
];

/** The fake cloud is fast, and what the product would wait minutes for it is told to wait seconds for. */
const IMPATIENT = { "ovh.settings.emptyPoolTtl": "5s", "ovh.settings.surplusTtl": "15s" };

/** The same for a scaled stage. */
const SCALED_IMPATIENT = { "ovh.settings.emptyPoolTtl": "30s", "ovh.settings.surplusTtl": "60s" };

export interface StageOptions {
  /** On top of the environment that the chart gives the controller. */
  readonly env?: Readonly<Record<string, string>>;
  /** Machines and the controller's timers live so many times faster than Kubernetes, and as long as those of the real cloud. */
  readonly timeScale?: number;
  /** @defaultValue "fast", or "real" on a scaled stage */
  readonly speed?: "fast" | "real";
}

export class Stage {
  readonly clock = new RealClock();
  readonly plane: ControlPlane;
  readonly cloud: FakeCloudProcess;
  readonly controller: ControllerProcess;
  /** A second replica, that does not run unless it is started. */
  readonly replica: ControllerProcess;
  /** The administrator's. */
  readonly admin: KubeClient;

  private constructor(plane: ControlPlane, cloud: FakeCloudProcess, env: Readonly<Record<string, string>>) {
    this.plane = plane;
    this.cloud = cloud;
    this.controller = new ControllerProcess(env);
    this.replica = new ControllerProcess(env);
    this.admin = adminOf(plane);
  }

  client(kubeconfig: string): KubeClient {
    return clientOf(kubeconfig);
  }

  /** The controller is not started yet. */
  static async open({ env = {}, timeScale, speed }: StageOptions = {}): Promise<Stage> {
    // One origin for all processes, also for the controller's later lives: they compare their times.
    const origin = toRfc3339(new RealClock().now());
    // What waits for Kubernetes' own scheduler and controllers keeps its real length.
    const scaled: Readonly<Record<string, string>> =
      timeScale === undefined
        ? {}
        : { KMC_TIME_SCALE: `${timeScale}@${origin}`, TAINT_SETTLE_TIME: `${2 * timeScale}s` };
    const plane = await startControlPlane({
      components: COMPONENTS,
      crds: OUR_RESOURCES.map(toCustomResourceDefinition),
    });
    try {
      const cloud = await FakeCloudProcess.start(plane.kubeconfigPath, {
        speed: speed ?? (timeScale === undefined ? "fast" : "real"),
        env: scaled,
      });
      const values = {
        clusterName: "e2e",
        "ovh.endpoint": cloud.url,
        "ovh.settings.caFile": cloud.caFile,
        ...(timeScale === undefined ? IMPATIENT : SCALED_IMPATIENT),
      };
      const rendered = await renderChart(values);
      await prepare(adminOf(plane), cloud, rendered);
      const kubeconfig = await plane.kubeconfig(CONTROLLER_USER);
      const ports = { METRICS_PORT: "0", HEALTH_PROBE_PORT: "0" };
      const given = { ...environmentOf(rendered), ...ports, ...scaled, ...env, KUBECONFIG: kubeconfig };
      return new Stage(plane, cloud, given);
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  /** KMC_E2E_LOGS names a folder that gets the logs of everything that ran here. */
  async close(name: string): Promise<void> {
    await Promise.all([this.controller.stop(), this.replica.stop()]);
    const keep = process.env["KMC_E2E_LOGS"];
    if (keep) await this.#saveLogs(join(keep, name));
    await this.cloud.stop();
    await this.plane.stop();
  }

  async #saveLogs(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "controller.log"), this.controller.log.join("\n"));
    await writeFile(join(folder, "replica.log"), this.replica.log.join("\n"));
    const { plane } = this;
    for (const component of PROCESSES) {
      await copyFile(plane.logPath(component), join(folder, `${component}.log`));
    }
    await copyFile(plane.auditLogPath, join(folder, "audit.log"));
  }

  /** NodeClass, NodePool and Deployment of the quick start, with no pods; empty nodes go soon and all at once. */
  async applyQuickStart(): Promise<void> {
    await this.apply((await this.#quickStart()).map(hurried));
  }

  /** The quick start's, for NodePools of one's own. */
  async applyNodeClass(): Promise<void> {
    await this.apply((await this.#quickStart()).filter(({ kind }) => kind === "OVHNodeClass"));
  }

  async #quickStart(): Promise<readonly KubeObject[]> {
    const { serviceName, kubeId } = this.cloud.credentials;
    const files = (await readExamples("ovh/quick-start")).map(({ name, text }) => ({
      name,
      text: text.replaceAll("your-project-id", serviceName).replaceAll("your-cluster-id", kubeId),
    }));
    const { objects, problems } = loadManifests(files, OUR_RESOURCES);
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    return objects.map(({ object }) => object);
  }

  /** As it is now, not as it was before its last change. */
  async isPoolReady(name: string): Promise<boolean> {
    const pool = await this.admin.get(NodePools, { name });
    const ready = getCondition(pool, "Ready");
    return ready?.status === "True" && ready.observedGeneration === pool.metadata.generation;
  }

  async apply(objects: readonly KubeObject[]): Promise<void> {
    await applyAll(this.admin, RESOURCES, objects);
  }

  async scale(replicas: number): Promise<void> {
    const key = { namespace: "default", name: "inflate" };
    await this.admin.patch(Deployments, key, { type: "merge", body: { spec: { replicas } } });
  }

  async pods(): Promise<readonly Pod[]> {
    return (await this.admin.list(Pods, { namespace: "default" })).items;
  }

  async running(): Promise<number> {
    return (await this.pods()).filter(
      ({ status, metadata }) => status?.phase === "Running" && !metadata.deletionTimestamp,
    ).length;
  }

  /** Everything of ours that is still there, in the cluster and in the cloud. */
  async leftovers(): Promise<readonly string[]> {
    const [nodes, claims, { machines, pools }] = await Promise.all([
      this.admin.list(Nodes),
      this.admin.list(NodeClaims),
      this.cloud.state(),
    ]);
    const named = (kind: string, list: readonly KubeObject[]): readonly string[] =>
      list.map(({ metadata }) => `${kind} ${metadata.name ?? ""}`);
    return [
      ...named("Node", nodes.items),
      ...named("NodeClaim", claims.items),
      ...machines.map(({ name, status }) => `machine ${name} (${status})`),
      ...pools.map((pool) => `pool ${String(pool["name"])}`),
    ];
  }

  /** Deletes NodePool and NodeClass, and waits until the finalizers let them go. Answers what stays. */
  async removeQuickStart(): Promise<readonly string[]> {
    const doomed: readonly Resource[] = [NodePools, ...OVH_CUSTOM_RESOURCES.map(({ resource }) => resource)];
    for (const resource of doomed) await this.admin.delete(resource, { name: "default" });
    const left = async (): Promise<readonly string[]> => {
      const lists = await Promise.all(doomed.map(async (resource) => (await this.admin.list(resource)).items));
      return lists
        .flat()
        .map(({ kind, metadata }) => `${kind ?? ""} ${metadata.name ?? ""}: ${metadata.finalizers?.join()}`);
    };
    await this.clock.until(async () => (await left()).length === 0, { timeout: PATIENCE });
    return await left();
  }

  /** When the lease was taken and when it was last renewed, by the clocks of who did it, in epoch ms. */
  async leaseTimes(): Promise<{ readonly acquired: number; readonly renewed: number }> {
    const { acquireTime = "", renewTime = "" } = (await this.admin.get(Leases, LEASE)).spec ?? {};
    return { acquired: Date.parse(acquireTime), renewed: Date.parse(renewTime) };
  }

  /** "" when nobody holds the lease. */
  async leaseHolder(): Promise<string | undefined> {
    try {
      return (await this.admin.get(Leases, LEASE)).spec?.holderIdentity ?? "";
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

function adminOf({ kubeconfigPath }: ControlPlane): KubeClient {
  return clientOf(kubeconfigPath);
}

function clientOf(kubeconfig: string): KubeClient {
  return createKubeClient({ kubeconfig, clock: new RealClock(), logger: silentLogger, requestTimeout: PATIENCE });
}

/** What is there before the controller: its namespace, its rights, and the Secret that the NodeClass names. */
async function prepare(admin: KubeClient, cloud: FakeCloudProcess, rendered: readonly KubeObject[]): Promise<void> {
  await applyAll(admin, RESOURCES, [{ apiVersion: "v1", kind: Namespaces.kind, metadata: { name: NAMESPACE } }]);
  const kinds = RIGHTS.map(({ kind }) => kind);
  const rights = rendered
    .filter(({ kind = "" }) => kinds.includes(kind))
    .toSorted((a, b) => kinds.indexOf(a.kind ?? "") - kinds.indexOf(b.kind ?? ""));
  await applyAll(admin, RESOURCES, rights);
  const { applicationKey, applicationSecret, consumerKey } = cloud.credentials;
  const secret = {
    apiVersion: "v1",
    kind: Secrets.kind,
    metadata: { name: "ovh-credentials", namespace: NAMESPACE },
    stringData: { applicationKey, applicationSecret, consumerKey },
  };
  await applyAll(admin, RESOURCES, [secret]);
}

function hurried(object: KubeObject): KubeObject {
  if (object.kind === NodePools.kind) {
    const pool = object as NodePool;
    const disruption = { ...pool.spec.disruption, consolidateAfter: "5s", budgets: [{ nodes: "100%" }] };
    return { ...pool, spec: { ...pool.spec, disruption } } as NodePool;
  }
  if (object.kind !== Deployments.kind) return object;
  const deployment = object as KubeObject & { readonly spec: object };
  return { ...deployment, spec: { ...deployment.spec, replicas: 0 } } as KubeObject;
}
