// What a fake is started with, and what stands in for what was left out.

import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { MachineHooks } from "@karpenter-multicloud/core/testing";
import { SeededRandom } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { BackendSeed, SeedCluster } from "./backend.ts";
import type { Speed } from "./durations.ts";
import type { FakeFault } from "./faults.ts";
import type { SeedCredential, SeedOAuthClient } from "./keyring.ts";
import type { SeedFlavor } from "./seed/flavors.ts";
import type { Switches } from "./switches.ts";
import type { Plan } from "./world/cluster.ts";
import type { Quotas } from "./world/ground.ts";

export interface FakeOvhOptions {
  /** Machine states run on it. */
  readonly clock: Clock;
  /** @defaultValue 1 */
  readonly seed?: number;
  /** The cluster behind the fake; without one machines complete by themselves. */
  readonly hooks?: MachineHooks;
  /** @defaultValue 0, any free port */
  readonly port?: number;
  /** Plain http. */
  readonly insecure?: boolean;
  /** @defaultValue "fast" */
  readonly speed?: Speed;
  /** Of the default cluster. @defaultValue "EU-WEST-PAR" */
  readonly region?: string;
  /** Of the default cluster. @defaultValue "standard" */
  readonly plan?: Plan;
  /** @defaultValue one cluster; the first one's ids are in `credentials` */
  readonly clusters?: readonly SeedCluster[];
  /** @defaultValue one key pair with every right */
  readonly credentials?: readonly SeedCredential[];
  readonly oauthClients?: readonly SeedOAuthClient[];
  readonly openstackTokens?: readonly string[];
  /** Beside the public ones; one with the name of a public flavor replaces it. */
  readonly extraFlavors?: readonly SeedFlavor[];
  readonly quotas?: Quotas;
  /** Machines there are, by "flavor/zone" ("b3-8/eu-west-par-a", "b3-8/nova"). */
  readonly capacity?: Readonly<Record<string, number>>;
  readonly switches?: Partial<Switches>;
  readonly faults?: readonly FakeFault[];
  /** A URL clients may sign instead of the one they connect to, without path. */
  readonly publicUrl?: string;
}

export interface FakeOvhCredentials {
  readonly applicationKey: string;
  readonly applicationSecret: string;
  readonly consumerKey: string;
  readonly serviceName: string;
  readonly kubeId: string;
  readonly region: string;
}

const SERVICE_NAME = "0123456789abcdef0123456789abcdef";
const KUBE_ID = "11111111-2222-4333-8444-555555555555";
const VERSION = "1.34.1-1";

export function seedFrom(options: FakeOvhOptions): BackendSeed {
  const seed = options.seed ?? 1;
  const region = options.region ?? "EU-WEST-PAR";
  const plan = options.plan ?? "standard";
  const clusters = options.clusters ?? [{ kubeId: KUBE_ID }];
  if (clusters.length === 0) throw new RangeError("the fake needs a cluster");
  const { hooks, publicUrl } = options;
  return {
    clock: options.clock,
    ...(hooks === undefined ? {} : { hooks }),
    seed,
    speed: options.speed ?? "fast",
    clusters: clusters.map((cluster) => filled(cluster, region, plan)),
    credentials: options.credentials ?? [seededCredential(seed)],
    oauthClients: options.oauthClients ?? [],
    openstackTokens: options.openstackTokens ?? [],
    extraFlavors: options.extraFlavors ?? [],
    quotas: options.quotas ?? {},
    capacity: options.capacity ?? {},
    switches: options.switches ?? {},
    faults: options.faults ?? [],
    ...(publicUrl === undefined ? {} : { publicUrl }),
  };
}

export function credentialsOf(seed: BackendSeed): FakeOvhCredentials {
  const [credential] = seed.credentials;
  const [cluster] = seed.clusters;
  return {
    applicationKey: credential?.applicationKey ?? "",
    applicationSecret: credential?.applicationSecret ?? "",
    consumerKey: credential?.consumerKey ?? "",
    serviceName: cluster?.serviceName ?? "",
    kubeId: cluster?.kubeId ?? "",
    region: cluster?.region ?? "",
  };
}

function filled(cluster: SeedCluster, region: string, plan: Plan): Required<SeedCluster> {
  const where = cluster.region ?? region;
  const shortId = new SeededRandom(cluster.kubeId.length * 31 + Number.parseInt(cluster.kubeId.slice(0, 6), 16)).hex(6);
  return {
    kubeId: cluster.kubeId,
    serviceName: cluster.serviceName ?? SERVICE_NAME,
    name: cluster.name ?? "fake",
    region: where,
    plan: cluster.plan ?? plan,
    version: cluster.version ?? VERSION,
    url: cluster.url ?? `${shortId}.c1.${where.toLowerCase()}.k8s.ovh.net`,
  };
}

function seededCredential(seed: number): SeedCredential {
  const random = new SeededRandom(seed ^ 0x5eed);
  return { applicationKey: random.hex(16), applicationSecret: random.hex(32), consumerKey: random.hex(32) };
}
