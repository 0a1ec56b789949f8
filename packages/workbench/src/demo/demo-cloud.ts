// What the demo needs of a cloud: something to buy machines from, and an account of what it saw.

import type { CustomResource, KubeObject } from "@karpenter-multicloud/core/api";
import type { Environment } from "@karpenter-multicloud/core/controllers";
import type { KubeClient } from "@karpenter-multicloud/core/kube";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { MachineHooks } from "@karpenter-multicloud/core/testing";
import type { ContainerModule } from "inversify";

export interface ManifestFile {
  readonly name: string;
  readonly text: string;
}

export interface Showcase {
  readonly title: string;
  readonly files: readonly ManifestFile[];
}

export interface DemoCloud {
  /** For people: "OVHcloud (fake API at https://…)". */
  readonly title: string;
  readonly module: ContainerModule;
  readonly env: Environment;
  /** What a platform engineer prepares before the quick start: namespaces, Secrets. */
  readonly preparation: readonly KubeObject[];
  readonly quickStart: readonly ManifestFile[];
  /** One more workload after the quick start: applied, seen running, deleted again. */
  readonly showcase?: Showcase;
  /** Fills the placeholders of the documents with what this cloud knows. */
  fill(text: string): string;
  liveMachines(): number;
  machinesEver(): number;
  pools(): number;
  /** Broken promises the cloud noticed; empty when all is well. */
  complaints(): Promise<readonly string[]>;
  /** One line on what went over the wire. */
  evidence(): string;
  close(): Promise<void>;
}

export interface CloudContext {
  readonly clock: Clock;
  readonly hooks: MachineHooks;
  /** Of the cluster behind the hooks: machines that join by themselves ask it for their token. */
  readonly kube: KubeClient;
  readonly seed: number;
}

export interface CloudOpener {
  /** Its NodeClass kinds; the cluster knows them before the cloud is there. */
  readonly customResources: readonly CustomResource[];
  /** `files` are the user's own manifests; a cloud may read from them what it should look like. */
  open(context: CloudContext, files: readonly ManifestFile[]): Promise<DemoCloud>;
}
