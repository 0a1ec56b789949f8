import { ConfigMaps } from "@karpenter-multicloud/core/api";
import type { ConfigMap } from "@karpenter-multicloud/core/api";
import { InMemoryKube } from "@karpenter-multicloud/core/testing";
import { minutes } from "@karpenter-multicloud/core/units";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../virtual-clock.ts";
import { crashableKube } from "./crashable-kube.ts";

function setUp() {
  const clock = new VirtualClock();
  const kube = new InMemoryKube({
    now: () => clock.now(),
    schedule: (ms, callback) => clock.schedule(clock.now() + ms, callback),
    customResources: [],
  });
  const process = clock.fork();
  return { clock, kube, process, seen: crashableKube(kube, process) };
}

function map(name: string): ConfigMap {
  return { metadata: { name, namespace: "default" } };
}

async function names(kube: InMemoryKube): Promise<readonly (string | undefined)[]> {
  return (await kube.list(ConfigMaps)).items.map((each) => each.metadata.name);
}

describe("crashable kube", () => {
  it("passes calls, answers and errors through while the process lives", async () => {
    const { seen } = setUp();
    expect((await seen.create(ConfigMaps, map("a"))).metadata.name).toBe("a");
    await expect(seen.create(ConfigMaps, map("a"))).rejects.toThrow("already exists");
  });

  it("lets a write that was on its way happen, but nobody hears of it; later ones never arrive", async () => {
    const { clock, kube, process, seen } = setUp();
    const heard: string[] = [];
    void seen.create(ConfigMaps, map("before")).then(() => heard.push("answer"));
    void seen.get(ConfigMaps, { namespace: "default", name: "none" }).catch(() => heard.push("error"));
    process.drop();
    void seen.create(ConfigMaps, map("after")).then(() => heard.push("later answer"));
    await clock.advance(minutes(1));
    expect(await names(kube)).toEqual(["before"]);
    expect(heard).toEqual([]);
  });

  it("delivers no event after the crash", async () => {
    const { clock, kube, process, seen } = setUp();
    const heard: string[] = [];
    const { resourceVersion } = await kube.list(ConfigMaps);
    const follow = async (): Promise<void> => {
      for await (const event of seen.watch(ConfigMaps, { resourceVersion, timeoutSeconds: 60 })) {
        if (event.type === "ADDED") heard.push(event.object.metadata.name ?? "");
      }
      heard.push("end");
    };
    void follow();
    await kube.create(ConfigMaps, map("a"));
    await clock.idle();
    process.drop();
    await kube.create(ConfigMaps, map("b"));
    await clock.advance(minutes(5));
    expect(heard).toEqual(["a"]);
  });
});
