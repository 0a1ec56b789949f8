// For tests of this package: the provider on a manual clock, between an API server in memory and the fake Scaleway API over HTTP.

import type { BuiltProvider, Ports } from "@karpenter-multicloud/core/controllers";
import type { Metrics } from "@karpenter-multicloud/core/telemetry";
import { FakeClock } from "@karpenter-multicloud/core/testing";
import type { LoggedRequest } from "@karpenter-multicloud/core/testing/fake-cloud";
import { MachineBench } from "@karpenter-multicloud/core/testing/provider-bench";

import { SCALEWAY_CUSTOM_RESOURCES } from "./api/scaleway-node-class.schema.ts";
import { ScalewayNodeClasses } from "./api/scaleway-node-class.ts";
import type { ScalewayNodeClass, ScalewayNodeClassSpec } from "./api/scaleway-node-class.ts";
import { createScalewayProvider } from "./create-provider.ts";
import { startFakeScaleway } from "./testing/index.ts";
import type { FakeScaleway, FakeScalewayOptions, ViolationKind } from "./testing/index.ts";

export { lastPartOfProviderId as serverIdOf } from "@karpenter-multicloud/core/testing/provider-bench";
export type { ClaimOptions } from "@karpenter-multicloud/core/testing/provider-bench";

export interface BenchOptions {
  readonly fake?: Partial<Omit<FakeScalewayOptions, "clock">>;
  readonly spec?: ScalewayNodeClassSpec;
  readonly metrics?: Metrics;
  readonly env?: Readonly<Record<string, string>>;
}

export class Bench extends MachineBench<ScalewayNodeClass, ViolationKind, FakeScaleway> {
  protected override readonly usualType = "PRO2-XXS";
  readonly #options: BenchOptions;

  private constructor(fake: FakeScaleway, clock: FakeClock, options: BenchOptions) {
    super({ fake, clock }, { classes: ScalewayNodeClasses, customResources: SCALEWAY_CUSTOM_RESOURCES });
    this.#options = options;
  }

  /** With one class named default, which is looked at until it is ready (or visibly is not). */
  static async start(options: BenchOptions = {}): Promise<Bench> {
    const clock = new FakeClock();
    const fake = await startFakeScaleway({ clock, speed: "real", ...options.fake });
    const bench = new Bench(fake, clock, options);
    bench.begin();
    await bench.describeCluster();
    await bench.putClass("default", options.spec);
    await bench.firstLook(5_000);
    return bench;
  }

  async putClass(name: string, spec: ScalewayNodeClassSpec = {}): Promise<void> {
    await this.kube.create(ScalewayNodeClasses, {
      apiVersion: "karpenter.scaleway.com/v1alpha1",
      kind: "ScalewayNodeClass",
      metadata: { name },
      spec: { zones: ["fr-par-1", "fr-par-2"], ...spec },
    });
  }

  writes(operation?: string): readonly LoggedRequest[] {
    return this.fake
      .requestLog()
      .filter((entry) => entry.method !== "GET" && (operation === undefined || entry.operation === operation));
  }

  protected override newMetrics(): Metrics {
    return this.#options.metrics ?? super.newMetrics();
  }

  protected override build(ports: Ports): BuiltProvider {
    const { accessKey, secretKey, projectId } = this.fake.credentials;
    return createScalewayProvider(ports, {
      SCW_ACCESS_KEY: accessKey,
      SCW_SECRET_KEY: secretKey,
      SCW_DEFAULT_PROJECT_ID: projectId,
      SCW_API_URL: `${this.fake.url}/`,
      SCW_QPS: "1000",
      SCW_BURST: "1000",
      ...this.#options.env,
    });
  }
}
