// What a fake is started with, and what stands in for what was left out.

import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { MachineHooks } from "@karpenter-multicloud/core/testing";
import type { ClusterBehind } from "@karpenter-multicloud/core/testing/cloud-init";
import type { Speed } from "./durations.ts";
import type { FakeFault } from "./faults.ts";
import { SEED_ZONES } from "./seed/zones.ts";
import type { Switches } from "./switches.ts";

export interface FakeCloudStackOptions {
  /** Machine states run on it. */
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
  /** Whose keys stand in `credentials`. @defaultValue "user" */
  readonly as?: "user" | "admin";
  /** Machines that fit besides what the hosts say, by zone ("zone-01") or by offering and zone ("medium/zone-01"). */
  readonly capacity?: Readonly<Record<string, number>>;
  /** Without the accounts' resource limits. */
  readonly unlimited?: boolean;
  readonly switches?: Partial<Switches>;
  readonly faults?: readonly FakeFault[];
}

export interface FakeCloudStackCredentials {
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly secretKey: string;
  readonly zoneId: string;
}

export interface BackendSeed extends Required<
  Omit<FakeCloudStackOptions, "hooks" | "cluster" | "port" | "secure" | "as">
> {
  readonly hooks: MachineHooks | undefined;
  readonly cluster: ClusterBehind | undefined;
}

export function seedFrom(options: FakeCloudStackOptions): BackendSeed {
  return {
    clock: options.clock,
    hooks: options.hooks,
    cluster: options.cluster,
    seed: options.seed ?? 1,
    speed: options.speed ?? "fast",
    capacity: options.capacity ?? {},
    unlimited: options.unlimited ?? false,
    switches: options.switches ?? {},
    faults: options.faults ?? [],
  };
}

export function credentialsFor(as: FakeCloudStackOptions["as"], origin: string): FakeCloudStackCredentials {
  const who = as ?? "user";
  return {
    apiUrl: `${origin}/client/api`,
    apiKey: `fake-${who}-api-key`,
    secretKey: `fake-${who}-secret-key`,
    zoneId: String(SEED_ZONES[0]?.id),
  };
}
