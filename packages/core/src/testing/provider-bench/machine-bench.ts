// A bench for clouds of single machines that join by user data: one call makes a machine, one or more remove it.

import {
  ConfigMaps,
  Label,
  NodeClaims,
  TERMINATION_FINALIZER,
  type ConfigMap,
  type NodeClaim,
  type NodeClass,
  type NodePool,
  type RequirementSpec,
} from "../../api/index.ts";
import { hasCode, type InstanceType } from "../../provider/index.ts";
import { TEST_CA, TEST_CLUSTER } from "../cloud-init/index.ts";
import { isIn, ProviderBench, type BenchCloud } from "./provider-bench.ts";

export interface ClaimOptions {
  /** @defaultValue default */
  readonly nodeClass?: string;
  /** @defaultValue the bench's usual one */
  readonly types?: readonly string[];
  readonly zones?: readonly string[];
  readonly capacityTypes?: readonly string[];
  readonly requests?: Readonly<Record<string, string>>;
  readonly requirements?: readonly RequirementSpec[];
}

export abstract class MachineBench<
  T extends NodeClass,
  Kind extends string,
  Cloud extends BenchCloud<Kind>,
> extends ProviderBench<T, Kind, Cloud> {
  /** What a claim asks for that names no type. */
  protected abstract readonly usualType: string;

  async putClaim(name: string, options: ClaimOptions = {}): Promise<NodeClaim> {
    const { types = [this.usualType], zones, capacityTypes, requests = { cpu: "1" }, requirements = [] } = options;
    return this.kube.create(NodeClaims, {
      apiVersion: "karpenter.sh/v1",
      kind: "NodeClaim",
      metadata: { name, finalizers: [TERMINATION_FINALIZER], labels: { [Label.NodePool]: "default" } },
      spec: {
        nodeClassRef: this.#classNamed(options.nodeClass ?? "default"),
        requirements: [
          ...isIn(Label.InstanceType, types),
          ...isIn(Label.Zone, zones),
          ...isIn(Label.CapacityType, capacityTypes),
          ...requirements,
        ],
        resources: { requests },
        expireAfter: "720h",
      },
    });
  }

  /** As core does it: the answer is stored. */
  async launch(name: string, options?: ClaimOptions): Promise<NodeClaim> {
    const known = await this.claim(name).catch(() => undefined);
    const claim = known ?? (await this.putClaim(name, options));
    return this.store(name, await this.during(this.provider.create(claim, { signal: this.signal })));
  }

  /** What a launch fails with. */
  async refusal(name: string, options?: ClaimOptions): Promise<Error> {
    try {
      await this.launch(name, options);
    } catch (error) {
      return error as Error;
    }
    throw new Error(`nodeclaim ${name} was launched`);
  }

  /** One call; true when nothing is left of the machine. */
  async deleteOnce(claim: NodeClaim): Promise<boolean> {
    try {
      await this.during(this.provider.delete(claim, { signal: this.signal }));
      return false;
    } catch (error) {
      if (!hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")) throw error;
      return true;
    }
  }

  /** As core does it: asked every 5 seconds until the machine is gone, then released. */
  async remove(name: string): Promise<void> {
    await this.kube.delete(NodeClaims, { name });
    while (!(await this.deleteOnce(await this.claim(name)))) await this.pass(5_000);
    await this.release(name);
  }

  async types(requirements: readonly RequirementSpec[] = []): Promise<readonly InstanceType[]> {
    const pool: NodePool = {
      metadata: { name: "default" },
      spec: { template: { spec: { nodeClassRef: this.#classNamed("default"), requirements } } },
    };
    const { items } = await this.during(this.provider.getInstanceTypes(pool, { signal: this.signal }));
    return items;
  }

  async type(name: string, requirements?: readonly RequirementSpec[]): Promise<InstanceType | undefined> {
    return (await this.types(requirements)).find((each) => each.name === name);
  }

  /** What kubeadm leaves in a cluster for those who want to join it. */
  protected async describeCluster(): Promise<void> {
    const authority = Buffer.from(TEST_CA).toString("base64");
    const cluster = { server: `https://${TEST_CLUSTER.endpoint}`, "certificate-authority-data": authority };
    const kubeconfig = JSON.stringify({ clusters: [{ name: "", cluster }] });
    const ClusterConfiguration = `kubernetesVersion: ${TEST_CLUSTER.kubernetesVersion}\n`;
    const map = (namespace: string, name: string, data: Readonly<Record<string, string>>): ConfigMap => ({
      metadata: { namespace, name },
      data,
    });
    await this.kube.create(ConfigMaps, map("kube-public", "cluster-info", { kubeconfig }));
    await this.kube.create(ConfigMaps, map("kube-system", "kubeadm-config", { ClusterConfiguration }));
  }

  #classNamed(name: string): NodeClaim["spec"]["nodeClassRef"] {
    const [kind] = this.provider.supportedNodeClasses();
    if (kind === undefined) throw new Error("the provider supports no kind of class");
    return { ...kind, name };
  }
}

/** The machine's own id in a claim's status. */
export function lastPartOfProviderId({ status }: NodeClaim): string {
  return status?.providerID?.split("/").at(-1) ?? "";
}
