import { afterEach, describe, expect, it } from "vitest";

import { Bench } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";
import { ApiPace } from "./api-pace.ts";
import { isOlder } from "./server-features.ts";

let bench: Bench | undefined;

const start = async (options?: BenchOptions): Promise<Bench> => (bench = await Bench.start(options));

afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const told = ({ logger }: Bench): string => logger.lines.map((line) => JSON.stringify(line)).join("\n");

describe("what is found out about a server (§3, §12)", () => {
  it("its version, and what the role lacks, are said once at the start", async () => {
    const own = await start({ fake: { switches: { deniedCommands: ["expungeVirtualMachine"] } } });
    await own.pass(40 * 60_000);
    expect(told(own).match(/CloudStack answers/g)).toHaveLength(1);
    expect(told(own)).toContain("4.22.0.0");
    expect(told(own).match(/expungeVirtualMachine/g)).toHaveLength(1);
    expect(await own.condition("Ready")).toMatch(/^True/);
  });

  it("an API that every launch needs is missed on the class before anything is bought", async () => {
    const own = await start({ fake: { switches: { deniedCommands: ["deployVirtualMachine", "createTags"] } } });
    expect(await own.condition("ValidationSucceeded")).toMatch(
      /^False Unauthorized.*createTags, deployVirtualMachine.*allow them in the role/,
    );
    expect(own.calls("deployVirtualMachine")).toEqual([]);
    own.fake.switches.deniedCommands = [];
    await own.pass(121_000);
    expect(await own.condition("Ready")).toMatch(/^True/);
  });

  it("a server that does not tell which APIs are allowed is believed to allow them", async () => {
    const own = await start({ fake: { switches: { deniedCommands: ["listApis"] } } });
    expect(await own.condition("Ready")).toMatch(/^True/);
    await own.pass(14 * 60_000);
    expect(own.calls("listApis")).toHaveLength(1);
  });

  it("a version below 4.18 is warned of", async () => {
    const own = await start({ fake: { switches: { version: "4.17.2.0" } } });
    expect(told(own)).toContain("older than 4.18");
  });

  it("4.9 is older than 4.18, and what is no version is not", () => {
    expect(isOlder("4.9.1", "4.18")).toBe(true);
    expect(isOlder("4.18.0.0", "4.18")).toBe(false);
    expect(isOlder("5.0", "4.18")).toBe(false);
    expect(isOlder("main", "4.18")).toBe(false);
  });
});

describe("what an older server cannot do (§3)", () => {
  it("C-64: several data disks are refused by name before 4.21", async () => {
    const dataDisks = [{ offering: "Small" }, { offering: "Small" }];
    const own = await start({ spec: { dataDisks }, fake: { switches: { version: "4.20.1.0" } } });
    expect(await own.condition("DisksReady")).toMatch(/^False ServerTooOld.*4\.21.*4\.20\.1/);
    own.fake.switches.version = "4.21.0.0";
    await own.pass(16 * 60_000);
    expect(await own.condition("Ready")).toMatch(/^True/);
  });

  it("registered user data is refused by name before 4.18", async () => {
    const own = await start({
      spec: { userDataRef: { name: "x" }, userData: undefined as never },
      fake: { switches: { version: "4.17.0.0" } },
    });
    expect(await own.condition("ValidationSucceeded")).toMatch(/^False ServerTooOld.*4\.18/);
  });

  it("an affinity that is only a wish is left out before 4.18, and an event says so", async () => {
    const affinityGroups = { managed: { type: "non-strict host anti-affinity" } };
    const own = await start({ spec: { affinityGroups }, fake: { switches: { version: "4.17.0.0" } } });
    await own.launch("a1");
    expect(own.calls("createAffinityGroup")).toEqual([]);
    expect(own.eventReasons()).toContain("ServerTooOld");
  });
});

describe("limits that the server tells", () => {
  it("C-73: the length of user data is the site's, where the account may read it", async () => {
    const noise = Array.from({ length: 40_000 }, (_, i) => ((i * 48_271) % 2_147_483_647).toString(36)).join("");
    const spec = { userData: `#!/bin/bash\n# ${noise}\n`, compressUserData: false };
    const own = await start({ spec, fake: { as: "admin", switches: { userDataMaxLength: 1_000_000 } } });
    expect(await own.condition("BootstrapReady")).toMatch(/^True/);
    await own.launch("a1");
    expect(own.fake.state().machines).toMatchObject([{ state: "Running" }]);
  });

  it("C-73: a shorter one than usual counts as well", async () => {
    const own = await start({ fake: { as: "admin", switches: { userDataMaxLength: 1200 } } });
    expect(await own.condition("BootstrapReady")).toMatch(/^False UserDataTooLarge.*1200/);
  });

  it("C-6: calls keep to four fifths of what the server allows", async () => {
    const pace = new ApiPace({ perSecond: 10, burst: 20, maxInFlight: 20 });
    expect(pace.keepTo({ calls: 5, seconds: 1 })).toBe(true);
    expect([pace.perSecond, pace.burst]).toEqual([4, 4]);
    expect(pace.keepTo({ calls: 25, seconds: 1 })).toBe(true);
    expect([pace.perSecond, pace.burst]).toEqual([10, 20]);
    const own = await start({ fake: { switches: { apiLimit: { max: 5, intervalSeconds: 1 } } } });
    await own.pass(20_000);
    const from = own.clock.now();
    await own.restart();
    await own.pass(20_000);
    const bySecond = new Map<number, number>();
    for (const { at } of own.fake.requestLog()) {
      const second = Math.floor(at / 1000);
      // The first calls of a process come before its first answer.
      if (at > from + 3_000) bySecond.set(second, (bySecond.get(second) ?? 0) + 1);
    }
    expect(Math.max(0, ...bySecond.values())).toBeLessThanOrEqual(5);
    expect(told(own)).toContain("keep to the server's limit");
  });

  it("C-49: zones that are nearly full are tried last among equals, and named when nothing fits", async () => {
    const spec = { zones: ["zone-01", "zone-02"] };
    const own = await start({ spec, fake: { as: "admin", unlimited: true } });
    await own.launch("a1");
    expect(own.fake.state().machines).toMatchObject([{ zone: "zone-01" }]);
    own.fake.outside.edit("hosts", "kvm-01", { memoryMiB: 4200 });
    const others = ["kvm-02", "kvm-03", "kvm-cpu-01", "kvm-gpu-01", "kvm-local-01"];
    for (const host of others) own.fake.outside.edit("hosts", host, { memoryMiB: 1 });
    await own.pass(61_000);
    await own.launch("a2");
    expect(own.calls("deployVirtualMachine")).toHaveLength(2);
    expect(own.fake.state().machines).toMatchObject([{ zone: "zone-01" }, { zone: "zone-02" }]);
  });
});
