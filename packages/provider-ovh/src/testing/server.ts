// Starts the fake OVHcloud API on loopback and hands out what a test or a command needs to drive it.

import { SeededRandom, startListening, type LoggedRequest } from "@karpenter-multicloud/core/testing/fake-cloud";
import { Backend } from "./backend.ts";
import type { FakeFault } from "./faults.ts";
import type { Violation } from "./invariants.ts";
import type { FakeOvhCredentials, FakeOvhOptions } from "./options.ts";
import { credentialsOf, seedFrom } from "./options.ts";
import { Pipeline } from "./pipeline.ts";
import type { Switches } from "./switches.ts";
import type { FakeOvhState } from "./world/dump.ts";
import { dump, leaks } from "./world/dump.ts";
import type { Cost } from "@karpenter-multicloud/core/testing/fake-cloud";
import { Outside } from "./world/outside.ts";

export interface FakeOvh {
  /** The base URL, with /1.0: what a client takes as endpoint. */
  readonly url: string;
  /** Scheme, host and port. */
  readonly origin: string;
  readonly port: number;
  readonly tokenUrl: string;
  /** Undefined on plain http. */
  readonly caPem: string | undefined;
  readonly caFile: string | undefined;
  readonly credentials: FakeOvhCredentials;
  /** Changed in place, at any time. */
  readonly switches: Switches;
  readonly outside: Outside;
  state(): FakeOvhState;
  costSoFar(): Cost;
  /** Replaces the list of faults. */
  faults(list: readonly FakeFault[]): void;
  /** Everything back to the start; credentials stay. */
  reset(): void;
  /** Breaches so far, and machines that leak now. */
  invariants(): Promise<readonly Violation[]>;
  requestLog(): readonly LoggedRequest[];
  close(): Promise<void>;
}

export async function startFakeOvh(options: FakeOvhOptions): Promise<FakeOvh> {
  const seed = seedFrom(options);
  const backend = new Backend(seed);
  const pipeline = new Pipeline(backend);
  const random = new SeededRandom(backend.seed.seed + 1);
  const listening = await startListening({
    name: "ovh",
    port: options.port ?? 0,
    scheme: options.insecure === true ? "http" : "https",
    handle: (incoming) => pipeline.handle(incoming),
    headers: () => ({
      "Content-Type": "application/json; charset=utf-8",
      "X-OVH-QueryID": `FAKE.ext-1.${random.hex(8)}.${random.hex(32)}`,
    }),
  });
  const { origin, port, caPem, caFile } = listening;
  return {
    url: `${origin}/1.0`,
    origin,
    port,
    tokenUrl: `${origin}/auth/oauth2/token`,
    caPem,
    caFile,
    credentials: credentialsOf(seed),
    switches: backend.switches,
    outside: new Outside(() => backend.world),
    ...controlsOf(backend),
    close: async () => {
      backend.stop();
      await listening.close();
    },
  };
}

function controlsOf(
  backend: Backend,
): Pick<FakeOvh, "state" | "costSoFar" | "faults" | "reset" | "invariants" | "requestLog"> {
  return {
    state: () => dump(backend.world.ground),
    costSoFar: () => backend.world.ground.ledger.cost(backend.seed.clock.now()),
    faults: (list) => backend.setFaults(list),
    reset: () => backend.reset(),
    invariants: async () => [...backend.invariants.violations(), ...(await leaks(backend.world.ground))],
    requestLog: () => backend.log.entries(),
  };
}
