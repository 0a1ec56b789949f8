import { SeededRandom } from "@karpenter-multicloud/core/testing/fake-cloud";
import { expect, it } from "vitest";
import { Bench } from "../test-bench.ts";
import type { FakeFault } from "../testing/index.ts";

const FAULTS: readonly FakeFault[] = [
  { match: { operation: "deployVirtualMachine" }, fault: "timeoutAfter", delayMs: 1, times: 1 },
  { match: { operation: "deployVirtualMachine" }, fault: "status", status: 502, times: 1 },
  {
    match: { operation: "deployVirtualMachine" },
    fault: "status",
    at: "job",
    status: 533,
    message: "No destination found",
    times: 1,
  },
  { match: { operation: "createTags" }, fault: "status", at: "job", status: 530, message: "no", times: 2 },
  { match: { operation: "destroyVirtualMachine" }, fault: "status", status: 530, message: "no", times: 1 },
  { match: { operation: "listVirtualMachines" }, fault: "status", status: 503, times: 2 },
];

/** Two hundred steps of launching, removing, breaking and collecting; then everything is given back (T-91). */
it("T-91: two hundred random steps leave no machine, disk or double behind", { timeout: 600_000 }, async () => {
  const bench = await Bench.start({
    fake: { as: "admin", unlimited: true },
    spec: { networkSelectorTerms: [{ name: "k8s-net" }] },
  });
  const random = new SeededRandom(91);
  const alive = new Set<string>();
  for (let step = 0; step < 200; step++) {
    const dice = random.next();
    if (dice < 0.15)
      bench.fake.faults([FAULTS[Math.floor(random.next() * FAULTS.length)] ?? {}] as readonly FakeFault[]);
    else if (dice < 0.55 && alive.size < 8) {
      const name = `a${step}`;
      alive.add(name);
      await bench.launch(name, { types: ["medium", "large"] }).catch(() => undefined);
    } else if (dice < 0.85) {
      const [name] = alive;
      if (name === undefined) continue;
      alive.delete(name);
      bench.fake.faults([]);
      await bench.remove(name);
    } else {
      await bench.pass(60_000);
      await bench.collect().catch(() => undefined);
    }
  }
  bench.fake.faults([]);
  for (const name of alive) await bench.remove(name);
  for (let round = 0; round < 4; round++) {
    await bench.pass(6 * 60_000);
    await bench.collect();
  }
  await bench.pass(60_000);
  expect(bench.fake.state().machines.filter(({ owned }) => owned)).toEqual([]);
  expect(bench.fake.state().volumes).toEqual([]);
  await bench.close();
});
