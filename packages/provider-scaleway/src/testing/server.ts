// Starts the fake Scaleway API on loopback and hands out what a test or a command needs to drive it.

import { startListening } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { Cost, LoggedRequest } from "@karpenter-multicloud/core/testing/fake-cloud";
import { Backend } from "./backend.ts";
import type { FakeFault } from "./faults.ts";
import type { Violation } from "./invariants.ts";
import type { FakeScalewayCredentials, FakeScalewayOptions } from "./options.ts";
import { credentialsOf, seedFrom } from "./options.ts";
import { Pipeline } from "./pipeline.ts";
import type { Switches } from "./switches.ts";
import type { FakeScalewayState } from "./world/dump.ts";
import { dump, leakedIps, leakedVolumes, leaks } from "./world/dump.ts";
import { Outside } from "./world/outside.ts";

export interface FakeScaleway {
  /** What clients take as the API's address, without a slash at its end. */
  readonly url: string;
  readonly port: number;
  /** Undefined on plain http. */
  readonly caPem: string | undefined;
  readonly caFile: string | undefined;
  readonly credentials: FakeScalewayCredentials;
  /** Changed in place, at any time. */
  readonly switches: Switches;
  readonly outside: Outside;
  state(): FakeScalewayState;
  costSoFar(): Cost;
  /** The user data a server was given; undefined = none. */
  userData(serverId: string): string | undefined;
  /** Replaces the list of faults. */
  faults(list: readonly FakeFault[]): void;
  /** Everything back to the start; keys stay. */
  reset(): void;
  /** Breaches so far, and what leaks now. */
  invariants(): Promise<readonly Violation[]>;
  /** Ids of volumes of ours that no server uses, however short that may be so (W-74). */
  leakedVolumes(): readonly string[];
  leakedIps(): readonly string[];
  requestLog(): readonly LoggedRequest[];
  close(): Promise<void>;
}

export async function startFakeScaleway(options: FakeScalewayOptions): Promise<FakeScaleway> {
  const seed = seedFrom(options);
  const backend = new Backend(seed);
  const pipeline = new Pipeline(backend);
  const listening = await startListening({
    name: "scaleway",
    port: options.port ?? 0,
    scheme: options.secure === true ? "https" : "http",
    handle: (incoming) => pipeline.handle(incoming),
    headers: () => ({ "Content-Type": backend.switches.contentType }),
  });
  const { origin, port, caPem, caFile } = listening;
  const world = (): Backend["world"]["ground"] => backend.world.ground;
  return {
    url: origin,
    port,
    caPem,
    caFile,
    credentials: credentialsOf(seed),
    switches: backend.switches,
    outside: new Outside(() => backend),
    state: () => dump(world()),
    costSoFar: () => world().ledger.cost(seed.clock.now()),
    userData: (id) => world().servers.get(id)?.userData.get("cloud-init")?.toString("utf8"),
    faults: (list) => backend.setFaults(list),
    reset: () => backend.reset(),
    invariants: async () => [...backend.invariants.violations(), ...(await leaks(world()))],
    leakedVolumes: () => leakedVolumes(world()).map(({ id }) => id),
    leakedIps: () => leakedIps(world()).map(({ id }) => id),
    requestLog: () => backend.log.entries(),
    close: async () => {
      backend.stop();
      await listening.close();
    },
  };
}
