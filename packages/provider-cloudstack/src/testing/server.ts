// Starts the fake CloudStack API on loopback and hands out what a test or a command needs to drive it.

import { startListening, wallMs } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { Cost, LoggedRequest } from "@karpenter-multicloud/core/testing/fake-cloud";
import { gunzipSync } from "node:zlib";

import { Backend } from "./backend.ts";
import type { FakeFault } from "./faults.ts";
import type { Violation } from "./invariants.ts";
import type { FakeCloudStackCredentials, FakeCloudStackOptions } from "./options.ts";
import { credentialsFor, seedFrom } from "./options.ts";
import { Pipeline } from "./pipeline.ts";
import type { Switches } from "./switches.ts";
import type { FakeCloudStackState } from "./world/dump.ts";
import { dump } from "./world/dump.ts";
import { leaks } from "./world/leaks.ts";
import { Outside } from "./world/outside.ts";

export interface FakeCloudStack {
  /** Scheme, host and port. */
  readonly url: string;
  readonly port: number;
  /** Undefined on plain http. */
  readonly caPem: string | undefined;
  readonly caFile: string | undefined;
  readonly credentials: FakeCloudStackCredentials;
  /** Changed in place, at any time. */
  readonly switches: Switches;
  readonly outside: Outside;
  state(): FakeCloudStackState;
  costSoFar(): Cost;
  /** What the machine of that name reads when it boots; undefined without any. */
  userData(machine: string): string | undefined;
  /** Replaces the list of faults. */
  faults(list: readonly FakeFault[]): void;
  /** Everything back to the start. */
  reset(): void;
  /** Breaches so far, and what leaks now. */
  invariants(): Promise<readonly Violation[]>;
  requestLog(): readonly LoggedRequest[];
  close(): Promise<void>;
}

export async function startFakeCloudStack(options: FakeCloudStackOptions): Promise<FakeCloudStack> {
  const seed = seedFrom(options);
  const backend = new Backend(seed);
  const pipeline = new Pipeline(backend);
  const listening = await startListening({
    name: "cloudstack",
    port: options.port ?? 0,
    scheme: options.secure === true ? "https" : "http",
    handle: (incoming) => pipeline.handle(incoming),
    headers: () => ({
      "Content-Type": backend.switches.contentType,
      Date: new Date(wallMs() + backend.switches.clockAheadMs).toUTCString(),
    }),
  });
  const { origin, port, caPem, caFile } = listening;
  const ground = (): Backend["world"]["ground"] => backend.world.ground;
  return {
    url: origin,
    port,
    caPem,
    caFile,
    credentials: credentialsFor(options.as, origin),
    switches: backend.switches,
    outside: new Outside(() => backend),
    state: () => dump(ground()),
    userData: (machine) => {
      const found = [...ground().machines.values()].find(({ name }) => name === machine);
      return found === undefined || found.userData === "" ? undefined : decoded(found.userData);
    },
    costSoFar: () => ground().ledger.cost(seed.clock.now()),
    faults: (list) => backend.setFaults(list),
    reset: () => backend.reset(),
    invariants: async () => [...backend.invariants.violations(), ...(await leaks(ground()))],
    requestLog: () => backend.log.entries(),
    close: async () => {
      backend.stop();
      await listening.close();
    },
  };
}

/** As cloud-init reads it. */
function decoded(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("utf8");
}
