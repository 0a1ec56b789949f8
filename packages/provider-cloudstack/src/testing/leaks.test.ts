import { FakeClock } from "@karpenter-multicloud/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startFakeCloudStack } from "./server.ts";
import type { FakeCloudStack } from "./server.ts";
import { TinyClient } from "./tiny-client.ts";

const CLAIM = "11111111-1111-4111-8111-111111111111";

let clock: FakeClock;
let fake: FakeCloudStack;
let client: TinyClient;

const start = async (as: "user" | "admin"): Promise<void> => {
  clock = new FakeClock();
  fake = await startFakeCloudStack({ clock, as, unlimited: true });
  client = new TinyClient(fake.credentials);
};

beforeEach(() => start("admin"));

afterEach(() => fake.close());

/** As Karpenter marks it, with a data disk, and no tags yet. */
const ordered = async (name: string, displayname = `${name} karpenter:prod:${CLAIM}`): Promise<string> => {
  const order = {
    serviceofferingid: "1cf6a486-44de-55ba-9584-5967eb20f2d6",
    templateid: "17a2600d-8b03-5e41-b523-d84f697272ac",
    zoneid: "b8396597-5bdb-51cb-b775-16903c688374",
    networkids: "3ebc21ed-2cd4-56e5-9ca0-dbd9d1ab0053",
    diskofferingid: String((await offering("Small"))?.["id"]),
    account: "k8s",
    domainid: "9baea81b-55bb-5694-8b4e-823fcdf3809f",
    name,
    displayname,
  };
  const { payload } = await client.call("deployVirtualMachine", order, "POST");
  await clock.advance(1_000);
  return String(payload["id"]);
};

const offering = async (name: string) =>
  ((await client.call("listDiskOfferings", {})).payload["diskoffering"] as readonly Record<string, unknown>[]).find(
    (row) => row["name"] === name,
  );

const destroy = async (id: string, more: Readonly<Record<string, string>> = {}): Promise<void> => {
  await client.call("destroyVirtualMachine", { id, ...more }, "POST");
  await clock.advance(1_000);
};

const dataDisk = (): string => String(fake.state().volumes.find((row) => row["type"] === "DATADISK")?.["id"]);

/** After the time in which a careful client has tidied up, over HTTP. */
const leaks = async (): Promise<readonly string[]> => {
  await clock.advance(31 * 60_000);
  const report = (await (await fetch(`${fake.url}/_fake/invariants`)).json()) as {
    readonly leaks: readonly { readonly kind: string; readonly message: string }[];
  };
  return report.leaks.map(({ kind, message }) => `${kind}: ${message}`);
};

describe("what stays behind after a machine", () => {
  it("T-68: nothing, once it is destroyed and expunged with its disk", async () => {
    const id = await ordered("a1");
    expect(fake.state()).toMatchObject({ nics: [{ virtualmachineid: id, ipaddress: expect.any(String) }] });
    await destroy(id, { expunge: "true", volumeids: dataDisk() });
    expect(fake.state()).toMatchObject({ machines: [], volumes: [], nics: [] });
    expect(await leaks()).toEqual([]);
  });

  it("its data disk, where nobody named it: also one that was never tagged", async () => {
    await destroy(await ordered("a1"), { expunge: "true" });
    expect(await leaks()).toEqual([expect.stringMatching(/^LeakedVolume: volume DATA-\d+ is used by nobody$/)]);
  });

  it("its address, where it could have been expunged and was not, until the server's cleaner comes", async () => {
    await destroy(await ordered("a1"), { volumeids: dataDisk() });
    expect(await leaks()).toEqual([
      expect.stringMatching(/^LeakedAddress: address [\d.]+ of k8s-net stays with a1, which was destroyed and could/),
    ]);
    await clock.advance(24 * 60 * 60_000);
    expect(await leaks()).toEqual([]);
  });

  it("nothing to blame anybody for, where the account may not expunge, or the machine is none of ours", async () => {
    await destroy(await ordered("mine", "web server"), { volumeids: dataDisk() });
    expect(await leaks()).toEqual([]);
    await fake.close();
    await start("user");
    await destroy(await ordered("a1"), { volumeids: dataDisk() });
    expect(fake.state().machines).toMatchObject([{ state: "Destroyed" }]);
    expect(await leaks()).toEqual([]);
  });

  it("an address is taken for as long as a dead machine holds it, and free again once that is expunged", async () => {
    fake.outside.setAddresses("k8s-net", 1);
    const id = await ordered("a1");
    await destroy(id, { volumeids: dataDisk() });
    expect(await ordered("a2")).toBe("undefined");
    await client.call("expungeVirtualMachine", { id }, "POST");
    await clock.advance(1_000);
    expect(await ordered("a2")).not.toBe("undefined");
    expect(fake.state().nics).toHaveLength(1);
  });
});
