// What a fake is started with, and what stands in for what was left out.

import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { MachineHooks } from "@karpenter-multicloud/core/testing";
import type { ClusterBehind } from "@karpenter-multicloud/core/testing/cloud-init";
import { SeededRandom } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { Speed } from "./durations.ts";
import type { FakeFault } from "./faults.ts";
import type { SeedKey } from "./keyring.ts";
import type { SeedType } from "./seed/server-types.ts";
import type { Switches } from "./switches.ts";

export interface FakeScalewayOptions {
  /** Server states run on it. */
  readonly clock: Clock;
  /** @defaultValue 1 */
  readonly seed?: number;
  /** The cluster behind the fake; without one machines complete by themselves. */
  readonly hooks?: MachineHooks;
  /** What machines need to know of it to join; without it none does. */
  readonly cluster?: ClusterBehind;
  /** @defaultValue 0, any free port */
  readonly port?: number;
  /** Https with an authority of its own instead of plain http. */
  readonly secure?: boolean;
  /** @defaultValue "fast" */
  readonly speed?: Speed;
  /** In `credentials`, and where things are made when nobody says. @defaultValue fr-par-1 */
  readonly zone?: string;
  /** @defaultValue one key with every right; the first one's is in `credentials` */
  readonly keys?: readonly SeedKey[];
  /** Beside those on sale; one with the name of a known type replaces it. */
  readonly extraTypes?: readonly SeedType[];
  /** Machines there are, by "type/zone" ("L4-1-24G/fr-par-1"). */
  readonly stock?: Readonly<Record<string, number>>;
  /** Servers of a type the organisation may have. */
  readonly quotas?: Readonly<Record<string, number>>;
  readonly switches?: Partial<Switches>;
  readonly faults?: readonly FakeFault[];
}

export interface FakeScalewayCredentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly projectId: string;
  readonly organizationId: string;
  readonly zone: string;
  readonly region: string;
}

export interface BackendSeed extends Required<Omit<FakeScalewayOptions, "hooks" | "cluster" | "port" | "secure">> {
  readonly hooks: MachineHooks | undefined;
  readonly cluster: ClusterBehind | undefined;
  readonly projectId: string;
  readonly organizationId: string;
}

export function seedFrom(options: FakeScalewayOptions): BackendSeed {
  const seed = options.seed ?? 1;
  const random = new SeededRandom(seed ^ 0x5c0f);
  const projectId = random.uuid();
  const organizationId = random.uuid();
  return {
    clock: options.clock,
    hooks: options.hooks,
    cluster: options.cluster,
    seed,
    speed: options.speed ?? "fast",
    zone: options.zone ?? "fr-par-1",
    keys: options.keys ?? [seededKey(random)],
    extraTypes: options.extraTypes ?? [],
    stock: options.stock ?? {},
    quotas: options.quotas ?? {},
    switches: options.switches ?? {},
    faults: options.faults ?? [],
    projectId,
    organizationId,
  };
}

export function credentialsOf(seed: BackendSeed): FakeScalewayCredentials {
  const [key] = seed.keys;
  return {
    accessKey: key?.accessKey ?? "",
    secretKey: key?.secretKey ?? "",
    projectId: seed.projectId,
    organizationId: seed.organizationId,
    zone: seed.zone,
    region: seed.zone.replace(/-\d+$/, ""),
  };
}

/** In the form that clients insist on (§1.3). */
function seededKey(random: SeededRandom): SeedKey {
  return { accessKey: `SCW${random.hex(17).toUpperCase()}`, secretKey: random.uuid() };
}
