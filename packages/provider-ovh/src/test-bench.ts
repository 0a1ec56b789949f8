// For tests of this package: the provider on a manual clock, between an API server in memory and the fake OVHcloud API over https.

import {
  Label,
  Namespaces,
  NodeClaims,
  Nodes,
  Secrets,
  TERMINATION_FINALIZER,
  toRfc3339,
  UNREGISTERED_TAINT,
} from "@karpenter-multicloud/core/api";
import type { CustomResource, Node, NodeClaim, RequirementSpec, Taint } from "@karpenter-multicloud/core/api";
import type { BuiltProvider, Ports } from "@karpenter-multicloud/core/controllers";
import { defaultSettings } from "@karpenter-multicloud/core/options";
import type { Settings } from "@karpenter-multicloud/core/options";
import { findProviderError, hasCode } from "@karpenter-multicloud/core/provider";
import { PromMetrics } from "@karpenter-multicloud/core/telemetry";
import type { Metrics } from "@karpenter-multicloud/core/telemetry";
import { FakeClock } from "@karpenter-multicloud/core/testing";
import { isIn, ProviderBench } from "@karpenter-multicloud/core/testing/provider-bench";

import { OvhAnnotation } from "./api/labels.ts";
import { OVH_CUSTOM_RESOURCES } from "./api/ovh-node-class.schema.ts";
import { OVH_NODE_CLASS_KIND, OVHNodeClasses } from "./api/ovh-node-class.ts";
import type { OVHNodeClass, OVHNodeClassSpec } from "./api/ovh-node-class.ts";
import { trustCertificate } from "./client/trust.ts";
import { createOvhProvider } from "./create-provider.ts";
import { TestNodes } from "./test-nodes.ts";
import { startFakeOvh } from "./testing/index.ts";
import type { FakeOvh, FakeOvhOptions, LoggedRequest, ViolationKind } from "./testing/index.ts";

export interface BenchOptions {
  readonly fake?: Partial<Omit<FakeOvhOptions, "clock">>;
  readonly spec?: OVHNodeClassSpec;
  readonly env?: Readonly<Record<string, string>>;
  readonly mode?: "act" | "observe";
  /** Of the service account. @defaultValue there is none */
  readonly tokenFile?: string;
  /** Machines register Nodes in the cluster. @defaultValue false: they complete by themselves */
  readonly nodes?: boolean;
  /** The kind as the cluster knows it. @defaultValue as this version defines it */
  readonly customResources?: readonly CustomResource[];
}

export interface ClaimOptions {
  readonly flavors?: readonly string[];
  readonly zones?: readonly string[];
  readonly cpu?: string;
  readonly memory?: string;
  readonly taints?: readonly Taint[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly requirements?: readonly RequirementSpec[];
}

const NAMESPACE = "karpenter";

export class Bench extends ProviderBench<OVHNodeClass, ViolationKind, FakeOvh> {
  metrics = new PromMetrics();
  #options: BenchOptions;

  private constructor(fake: FakeOvh, clock: FakeClock, options: BenchOptions) {
    const customResources = options.customResources ?? OVH_CUSTOM_RESOURCES;
    super({ fake, clock }, { classes: OVHNodeClasses, customResources });
    this.#options = options;
  }

  /** With a Secret and one class named default, which is looked at until it is ready (or visibly is not). */
  static async start(options: BenchOptions = {}): Promise<Bench> {
    const clock = new FakeClock();
    const nodes = new TestNodes(clock);
    const hooks = options.nodes === true ? { hooks: nodes } : {};
    const fake = await startFakeOvh({ clock, speed: { listed: 100 }, ...hooks, ...options.fake });
    trustCertificate(fake.caPem ?? "");
    const bench = new Bench(fake, clock, options);
    bench.begin();
    nodes.kube = bench.kube;
    await bench.kube.create(Namespaces, { metadata: { name: NAMESPACE } });
    await bench.putSecret(fake.credentials);
    await bench.putClass("default", options.spec);
    await bench.firstLook(3_000);
    return bench;
  }

  putSecret({ applicationKey, applicationSecret, consumerKey }: FakeOvh["credentials"]): Promise<void> {
    return this.putSecretValues({ applicationKey, applicationSecret, consumerKey });
  }

  async putSecretValues(values: Readonly<Record<string, string>>): Promise<void> {
    const encoded = Object.entries(values).map(
      ([key, value]) => [key, Buffer.from(`${value}\n`).toString("base64")] as const,
    );
    const secret = { metadata: { name: "ovh-credentials", namespace: NAMESPACE }, data: Object.fromEntries(encoded) };
    const known = await this.kube.list(Secrets, { namespace: NAMESPACE });
    if (known.items.length > 0) await this.kube.update(Secrets, secret);
    else await this.kube.create(Secrets, secret);
  }

  async putClass(name: string, spec: OVHNodeClassSpec = {}): Promise<void> {
    const { serviceName, kubeId } = this.fake.credentials;
    const credentialsSecretRef = { name: "ovh-credentials", namespace: NAMESPACE };
    const whole: OVHNodeClassSpec = { serviceName, kubeId, endpoint: this.fake.url, credentialsSecretRef, ...spec };
    await this.kube.create(OVHNodeClasses, {
      apiVersion: "karpenter.ovhcloud.sh/v1alpha1",
      kind: "OVHNodeClass",
      metadata: { name },
      spec: whole,
    });
  }

  node(name: string): Promise<Node> {
    return this.kube.get(Nodes, { name });
  }

  /** As core does it: the node gets what its claim promises, then the claim says so. */
  async register(name: string): Promise<void> {
    const claim = await this.claim(name);
    const { labels, annotations } = claim.metadata;
    const nodeName = annotations?.[OvhAnnotation.NodeName] ?? "";
    const node = await this.kube.get(Nodes, { name: nodeName });
    const taints = (node.spec?.taints ?? []).filter((taint) => taint.key !== UNREGISTERED_TAINT.key);
    const metadata = { labels: { ...labels, [Label.Registered]: "true" }, finalizers: [TERMINATION_FINALIZER] };
    await this.kube.patch(Nodes, { name: nodeName }, { type: "merge", body: { metadata, spec: { taints } } });
    await this.say(name, "Registered");
  }

  /** A condition of a claim becomes true. */
  async say(name: string, type: string): Promise<void> {
    const { status } = await this.claim(name);
    const lastTransitionTime = toRfc3339(this.clock.now());
    const condition = { type, status: "True" as const, reason: type, message: "", lastTransitionTime };
    const conditions = [...(status?.conditions ?? []).filter((each) => each.type !== type), condition];
    const nodeName = (await this.claim(name)).metadata.annotations?.[OvhAnnotation.NodeName] ?? "";
    await this.kube.patchStatus(NodeClaims, { name }, { type: "merge", body: { status: { conditions, nodeName } } });
  }

  /** Lines of the metrics that begin with this. */
  async measured(prefix: string): Promise<readonly string[]> {
    return (await this.metrics.render()).split("\n").filter((line) => line.startsWith(prefix));
  }

  async putClaims(count: number, options: ClaimOptions = {}, prefix = "claim"): Promise<readonly string[]> {
    const names = Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);
    for (const name of names) await this.putClaim(name, options);
    return names;
  }

  async putClaim(name: string, options: ClaimOptions = {}): Promise<string> {
    const { flavors = ["b3-8", "b3-16"], zones, cpu = "1", memory = "1Gi", taints } = options;
    await this.kube.create(NodeClaims, {
      apiVersion: "karpenter.sh/v1",
      kind: "NodeClaim",
      metadata: {
        name,
        finalizers: [TERMINATION_FINALIZER],
        labels: { [Label.NodePool]: "default", ...options.labels },
        ...(options.annotations && { annotations: options.annotations }),
      },
      spec: {
        nodeClassRef: { ...OVH_NODE_CLASS_KIND, name: "default" },
        requirements: [
          ...isIn(Label.InstanceType, flavors),
          ...isIn(Label.Zone, zones),
          ...(options.requirements ?? []),
        ],
        resources: { requests: { cpu, memory } },
        ...(taints === undefined ? {} : { taints }),
        expireAfter: "720h",
      },
    });
    return name;
  }

  /** As core does it: again after LaunchPending, and the answer is stored. */
  async launch(name: string): Promise<NodeClaim> {
    for (;;) {
      const claim = await this.claim(name);
      try {
        return await this.store(name, await this.provider.create(claim, { signal: this.signal }));
      } catch (error) {
        if (!hasCode(error, "PROVIDER_LAUNCH_PENDING")) throw error;
        await this.clock.sleep(findProviderError(error)?.retryAfter ?? (1000 as never), { signal: this.signal });
      }
    }
  }

  launchAll(names: readonly string[]): Promise<readonly NodeClaim[]> {
    return this.during(Promise.all(names.map((name) => this.launch(name))));
  }

  /** New claims, launched together. */
  async machines(count: number, options: ClaimOptions = {}, prefix = "claim"): Promise<readonly NodeClaim[]> {
    return this.launchAll(await this.putClaims(count, options, prefix));
  }

  /** As core does it: marked as deleted, asked for until the machine is gone, then released. */
  async remove(name: string): Promise<void> {
    await this.kube.delete(NodeClaims, { name });
    for (;;) {
      try {
        await this.provider.delete(await this.claim(name), { signal: this.signal });
      } catch (error) {
        if (!hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")) throw error;
        await this.release(name);
        return;
      }
      await this.clock.sleep(5_000 as never, { signal: this.signal });
    }
  }

  /** The claim disappears as core makes it disappear when it never had a machine. */
  async drop(name: string): Promise<void> {
    await this.kube.delete(NodeClaims, { name });
    await this.release(name);
  }

  /** Rounds of collection, two minutes apart. */
  async collectFor(minutes: number): Promise<void> {
    for (let passed = 0; passed < minutes; passed += 2) {
      await this.collect();
      await this.pass(120_000);
    }
    await this.collect();
  }

  /** Another process starts, with other settings. */
  override restart(change: Pick<BenchOptions, "env" | "mode"> = {}): Promise<void> {
    this.#options = { ...this.#options, ...change };
    return super.restart();
  }

  writes(method?: string): readonly LoggedRequest[] {
    return this.fake
      .requestLog()
      .filter((entry) => entry.method !== "GET" && (method === undefined || entry.method === method));
  }

  bodies(method: string): readonly unknown[] {
    return this.writes(method).map((entry) => entry.body);
  }

  pool(name: string): Readonly<Record<string, unknown>> | undefined {
    return this.fake.state().pools.find((pool) => pool["name"] === name);
  }

  protected override settings(): Settings {
    return { ...defaultSettings({ clusterName: "" }), mode: this.#options.mode ?? "act" };
  }

  protected override newMetrics(): Metrics {
    this.metrics = new PromMetrics();
    return this.metrics;
  }

  protected override build(ports: Ports): BuiltProvider {
    const env = { OVH_PRICING_INTERVAL: "off", OVH_QPS: "100", OVH_BURST: "1000", OVH_MAX_IN_FLIGHT: "100" };
    return createOvhProvider(ports, { ...env, ...this.#options.env }, this.#options.tokenFile ?? "/nowhere");
  }
}
