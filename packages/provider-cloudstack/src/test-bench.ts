// For tests of this package: the provider on a manual clock, between an API server in memory and the fake CloudStack API over HTTP.

import { NodeClaims } from "@karpenter-multicloud/core/api";
import type { BuiltProvider, Ports } from "@karpenter-multicloud/core/controllers";
import { FakeClock } from "@karpenter-multicloud/core/testing";
import type { Metrics } from "@karpenter-multicloud/core/telemetry";
import type { LoggedRequest } from "@karpenter-multicloud/core/testing/fake-cloud";
import { MachineBench } from "@karpenter-multicloud/core/testing/provider-bench";

import { CLOUDSTACK_CUSTOM_RESOURCES } from "./api/cloudstack-node-class.schema.ts";
import { CloudStackNodeClasses } from "./api/cloudstack-node-class.ts";
import type { CloudStackNodeClass, CloudStackNodeClassSpec } from "./api/cloudstack-node-class.ts";
import { createCloudStackProvider } from "./create-provider.ts";
import { startFakeCloudStack } from "./testing/index.ts";
import type { FakeCloudStack, FakeCloudStackOptions, ViolationKind } from "./testing/index.ts";

export { lastPartOfProviderId as machineIdOf } from "@karpenter-multicloud/core/testing/provider-bench";
export type { ClaimOptions } from "@karpenter-multicloud/core/testing/provider-bench";

export interface BenchOptions {
  readonly fake?: Partial<Omit<FakeCloudStackOptions, "clock">>;
  /** Over the class of the older product's document. */
  readonly spec?: Partial<CloudStackNodeClassSpec>;
  readonly env?: Readonly<Record<string, string>>;
  readonly metrics?: Metrics;
}

/** As in the document of the older product (T-01). */
export const DOCUMENT_SPEC: CloudStackNodeClassSpec = {
  zone: "zone-01",
  networkSelectorTerms: [{ tags: { "karpenter.sh/discovery": "my-cluster" } }],
  serviceOfferingSelectorTerms: [{ tags: { "karpenter.sh/discovery": "my-cluster" } }],
  templateSelectorTerms: [{ tags: { os: "ubuntu", version: "22.04" } }],
  userData: '#!/bin/bash\necho "Node initialization script"\n',
};

const { zone: _zone, ...WITHOUT_ZONE } = DOCUMENT_SPEC;

export class Bench extends MachineBench<CloudStackNodeClass, ViolationKind, FakeCloudStack> {
  protected override readonly usualType = "medium";
  readonly #options: BenchOptions;

  private constructor(fake: FakeCloudStack, clock: FakeClock, options: BenchOptions) {
    super({ fake, clock }, { classes: CloudStackNodeClasses, customResources: CLOUDSTACK_CUSTOM_RESOURCES });
    this.#options = options;
  }

  /** With one class named default, which is looked at until it is ready (or visibly is not). */
  static async start(options: BenchOptions = {}): Promise<Bench> {
    const clock = new FakeClock();
    const fake = await startFakeCloudStack({ clock, speed: "real", ...options.fake });
    const bench = new Bench(fake, clock, options);
    bench.begin();
    await bench.describeCluster();
    await bench.putClass("default", options.spec);
    await bench.firstLook(5_000);
    return bench;
  }

  async putClass(name: string, spec: Partial<CloudStackNodeClassSpec> = {}): Promise<void> {
    await this.kube.create(CloudStackNodeClasses, {
      apiVersion: "karpenter.k8s.cloudstack/v1",
      kind: "CloudStackNodeClass",
      metadata: { name },
      spec: "zones" in spec ? { ...WITHOUT_ZONE, ...spec } : { ...DOCUMENT_SPEC, ...spec },
    });
  }

  async deleteClass(name: string): Promise<void> {
    await this.kube.delete(CloudStackNodeClasses, { name });
  }

  /** Somebody takes it away with its finalizer: its machine has no owner any more. */
  async forgetClaim(name: string): Promise<void> {
    await this.kube.patch(NodeClaims, { name }, { type: "merge", body: { metadata: { finalizers: null } } });
    await this.kube.delete(NodeClaims, { name });
  }

  /** Requests of that command, with their parameters. */
  calls(command: string): readonly (LoggedRequest & { readonly body: Readonly<Record<string, string>> })[] {
    const entries = this.fake.requestLog().filter(({ operation }) => operation === command);
    return entries.map((entry) => ({ ...entry, body: entry.body as Readonly<Record<string, string>> }));
  }

  /** What core writes once a machine is known, and once its node has joined. */
  async markLaunched(name: string, ...more: readonly string[]): Promise<void> {
    const lastTransitionTime = new Date(this.clock.now()).toISOString();
    const conditions = ["Launched", ...more].map((type) => ({
      type,
      status: "True",
      reason: type,
      message: "",
      lastTransitionTime,
    }));
    await this.kube.patchStatus(NodeClaims, { name }, { type: "merge", body: { status: { conditions } } });
    await this.pass(100);
  }

  eventReasons(): readonly string[] {
    return this.events.notes.map(({ reason }) => reason);
  }

  protected override newMetrics(): Metrics {
    return this.#options.metrics ?? super.newMetrics();
  }

  protected override build(ports: Ports): BuiltProvider {
    const { apiUrl, apiKey, secretKey } = this.fake.credentials;
    return createCloudStackProvider(ports, {
      CLOUDSTACK_API_URL: apiUrl,
      CLOUDSTACK_API_KEY: apiKey,
      CLOUDSTACK_SECRET_KEY: secretKey,
      CLOUDSTACK_API_QPS: "1000",
      CLOUDSTACK_API_BURST: "1000",
      ...this.#options.env,
    });
  }
}
