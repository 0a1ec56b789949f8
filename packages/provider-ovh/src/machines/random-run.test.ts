import { NodeClaims } from "@karpenter-multicloud/core/api";
import { hasCode } from "@karpenter-multicloud/core/provider";
import { afterEach, describe, expect, it } from "vitest";

import { OvhAnnotation } from "../api/labels.ts";
import { Bench } from "../test-bench.ts";
import type { FakeFault } from "../testing/index.ts";
import { SeededRandom } from "@karpenter-multicloud/core/testing/fake-cloud";

const ZONES = ["eu-west-par-a", "eu-west-par-b"];
const FAULTS: readonly FakeFault[] = [
  { match: { method: "POST" }, fault: "timeoutAfter", delayMs: 1, times: 1 },
  { match: { method: "PUT" }, fault: "timeoutAfter", delayMs: 1, times: 1 },
  { match: { method: "PUT" }, fault: "timeoutBefore", delayMs: 1, times: 1 },
  { match: { method: "PUT" }, fault: "status", status: 409, times: 2 },
  { match: { method: "GET" }, fault: "status", status: 500, times: 3 },
  { match: { path: "*/nodes" }, fault: "malformed", times: 1 },
  { match: { operation: "launch" }, fault: "boot", machineStatus: "ERROR", noInstance: true, times: 1 },
  { match: { operation: "launch" }, fault: "outOfStock", times: 1 },
];

function below(random: SeededRandom, limit: number): number {
  return Math.floor(random.next() * limit);
}

/** Core's part: unlaunched claims are launched, deleted ones are seen off, and everything again after a restart. */
class Driver {
  readonly bench: Bench;
  readonly #busy = new Map<string, Promise<void>>();
  count = 0;

  constructor(bench: Bench) {
    this.bench = bench;
  }

  async wake(): Promise<void> {
    for (const { metadata, status } of await this.bench.claims()) {
      const { name = "", deletionTimestamp } = metadata;
      if (deletionTimestamp !== undefined) this.#start(name, "remove", () => this.#seeOff(name));
      else if (!status?.providerID) this.#start(name, "launch", () => this.#launch(name));
    }
  }

  async settle(): Promise<void> {
    await this.bench.during(Promise.all(this.#busy.values()), 3 * 3600_000);
  }

  #start(name: string, what: string, work: () => Promise<void>): void {
    const key = `${what}/${name}`;
    if (this.#busy.has(key)) return;
    const done = work().catch(() => {});
    this.#busy.set(
      key,
      done.finally(() => this.#busy.delete(key)),
    );
  }

  async #launch(name: string): Promise<void> {
    try {
      await this.bench.launch(name);
    } catch (error) {
      const isRefused = hasCode(error, "PROVIDER_INSUFFICIENT_CAPACITY", "PROVIDER_QUOTA_EXCEEDED");
      if (isRefused) await this.bench.drop(name);
    }
  }

  async #seeOff(name: string): Promise<void> {
    const { status } = await this.bench.claim(name);
    if (status?.providerID) await this.bench.remove(name);
    else await this.bench.release(name);
  }
}

async function step(driver: Driver, random: SeededRandom): Promise<void> {
  const { bench } = driver;
  const dice = below(random, 20);
  const alive = (await bench.claims()).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (dice < 6 && alive.length < 12) {
    const zones = [ZONES[below(random, 2)] ?? ""];
    await bench.putClaim(`random-${++driver.count}`, { zones, flavors: ["b3-8"] });
  } else if (dice < 10) {
    const victim = alive[below(random, Math.max(1, alive.length))]?.metadata.name;
    if (victim !== undefined) await bench.kube.delete(NodeClaims, { name: victim });
  } else if (dice < 12) {
    bench.fake.faults([FAULTS[below(random, FAULTS.length)] ?? { fault: "slow", delayMs: 1 }]);
  } else if (dice === 12) {
    await bench.restart();
  } else if (dice === 13) {
    await bench.collect().catch(() => {});
  }
  await driver.wake();
  await bench.pass([100, 1_000, 3_000, 10_000, 40_000][below(random, 5)] ?? 0);
}

let bench: Bench;
afterEach(() => bench.close());

describe("a long random run", () => {
  it.each([1, 2, 3])(
    "T-75: seed %i leaves one machine per claim, and no wrong one was ever removed",
    { timeout: 600_000 },
    async (seed) => {
      bench = await Bench.start({ fake: { seed, speed: { listed: 500, removal: 4_000 } } });
      const driver = new Driver(bench);
      const random = new SeededRandom(seed);
      for (let count = 0; count < 150; count++) await step(driver, random);
      bench.fake.faults([]);
      for (let round = 0; round < 6; round++) {
        await driver.wake();
        await driver.settle();
        await bench.pass(60_000);
      }
      await bench.collectFor(40);
      const claims = await bench.claims();
      const ids = claims.map(({ metadata }) => metadata.annotations?.[OvhAnnotation.NodeId] ?? "");
      expect(claims.every(({ status }) => status?.providerID)).toBe(true);
      expect(ids.toSorted()).toEqual(
        bench.fake
          .state()
          .machines.map(({ id }) => id)
          .toSorted(),
      );
      expect(driver.count).toBeGreaterThan(10);
    },
  );
});
