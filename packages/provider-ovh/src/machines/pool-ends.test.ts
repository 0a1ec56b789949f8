// What happens around the end of a pool: when it may be collected, and what its last claims see of that.
// Scenarios of docs/reference/upstream-parity.md: E-195.

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { Bench } from "../test-bench.ts";
import type { ViolationKind } from "../testing/index.ts";

const ZONE = "eu-west-par-a";
const POOL = "karpenter-b3-8-eu-west-par-a";

describe("the end of a pool", () => {
  let bench: Bench;
  let provoked: readonly ViolationKind[];

  beforeEach(async () => {
    provoked = [];
    bench = await Bench.start({ env: { OVH_EMPTY_POOL_TTL: "20s" } });
  });

  afterEach(() => bench.close(...provoked));

  it("O-57: machines that went at our asking are no odd drop, so their empty pool goes in its time", async () => {
    const names = (await bench.machines(4, { zones: [ZONE] })).map(({ metadata }) => metadata.name ?? "");
    await bench.collect();
    await bench.during(Promise.all(names.map((name) => bench.remove(name))));
    await bench.pass(90_000);
    expect(bench.fake.state().machines).toEqual([]);
    await bench.collect();
    await bench.pass(25_000);
    await bench.collect();
    expect(bench.writes("DELETE")).toHaveLength(1);
  });

  it("O-57: a pool is not collected on the word of a drop that nobody asked for", async () => {
    await bench.machines(4, { zones: [ZONE] });
    await bench.collect();
    for (const { metadata } of await bench.claims()) await bench.drop(metadata.name ?? "");
    provoked = ["UnnamedMachineDeleted"];
    bench.fake.outside.editPool(POOL, { desiredNodes: 0 });
    await bench.pass(90_000);
    expect(bench.fake.state().machines).toEqual([]);
    await bench.collect();
    await bench.pass(25_000);
    await bench.collect();
    expect(bench.writes("DELETE")).toEqual([]);
    await bench.pass(40_000);
    await bench.collect();
    await bench.pass(25_000);
    await bench.collect();
    expect(bench.writes("DELETE")).toHaveLength(1);
  });

  it("a pool that goes while the claim of its last machine ends is no error", async () => {
    await bench.machines(1, { zones: [ZONE] });
    bench.fake.faults([{ match: { path: "*/nodes" }, fault: "status", status: 404, times: 1 }]);
    const claim = await bench.claim("claim-1");
    await expect(bench.during(bench.provider.delete(claim, { signal: bench.signal }))).resolves.toBeUndefined();
  });
});
