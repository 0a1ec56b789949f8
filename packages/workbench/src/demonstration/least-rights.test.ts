// The rights that docs/SECURITY.md asks people to grant are enough for the whole life of a machine (S-14, S-29c, O-66).

import "reflect-metadata";
import { getCondition } from "@karpenter-multicloud/core/api";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { minutes } from "@karpenter-multicloud/core/units";
import { OvhCondition, OVHNodeClasses } from "@karpenter-multicloud/provider-ovh";
import type { AccessRule, FakeOvh } from "@karpenter-multicloud/provider-ovh/testing";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ovhCloud } from "../demo/clouds/ovh.ts";
import type { ControllerLife } from "../demo/controller-life.ts";
import { World } from "../demo/world.ts";
import { ROOT } from "../repository/import-graph.ts";
import { objectsOf, variablesFor } from "./files.ts";

const SERVICE_NAME = "0123456789abcdef0123456789abcdef";
const KUBE_ID = "11111111-2222-4333-8444-555555555555";
const HALF_HOUR = { timeout: minutes(30) };

/** The page's first table: what has to be granted. */
function grantedBy(page: string): readonly AccessRule[] {
  const [table = ""] = page.slice(page.indexOf("| Method")).split("\n\n");
  return [...table.matchAll(/^\| (GET|POST|PUT|DELETE) +\| `([^`]+)`/gm)].map(([, method = "", path = ""]) => ({
    method,
    path: path.replace("{serviceName}", SERVICE_NAME).replace("{kubeId}", KUBE_ID),
  }));
}

const rules = grantedBy(readFileSync(join(ROOT, "docs/SECURITY.md"), "utf8"));
const KEYS = { applicationKey: "least", applicationSecret: "s".repeat(32), consumerKey: "c".repeat(32) };

let world: World | undefined;
let life: ControllerLife | undefined;
let fake: FakeOvh;
afterEach(async () => {
  await life?.stop();
  await world?.close();
  life = world = undefined;
});

async function begin(accessRules: readonly AccessRule[]): Promise<World> {
  const cloud = ovhCloud({ credentials: [{ ...KEYS, accessRules }] }, (started) => void (fake = started));
  world = await World.open({ speed: "fast", logger: new MemoryLogger(), cloud });
  const variables = variablesFor(fake.credentials);
  for (const name of [
    "01-namespace-secret.yaml",
    "02-ovhnodeclass.yaml",
    "03-nodepool-basic.yaml",
    "04-inflate.yaml",
  ]) {
    await world.cluster.apply(await objectsOf(name, variables));
  }
  life = world.startControllers();
  return world;
}

const permissions = async ({ cluster }: World) =>
  getCondition(await cluster.kube.get(OVHNodeClasses, { name: "default" }), OvhCondition.PermissionsReady);

describe("the rights of docs/SECURITY.md", () => {
  it("are the eight of the product's table", () => {
    expect(rules.map(({ method }) => method)).toEqual(["GET", "GET", "GET", "GET", "POST", "PUT", "DELETE", "GET"]);
  });

  it("let machines come and go, and their pools with them", async () => {
    const { cluster, clock, cloud } = await begin(rules);
    await cluster.scale({ namespace: "default", name: "inflate" }, 3);
    const run = async (): Promise<boolean> =>
      (await cluster.pods({ namespace: "default" })).filter(({ status }) => status?.phase === "Running").length === 3;
    expect(await clock.until(run, HALF_HOUR)).toBe(true);
    await cluster.scale({ namespace: "default", name: "inflate" }, 0);
    const gone = (): boolean => cloud.liveMachines() === 0 && cloud.pools() === 0;
    expect(await clock.until(gone, { timeout: minutes(60) })).toBe(true);
    const granted = fake.requestLog().filter(({ operation }) => operation.endsWith("Pool"));
    expect(granted.filter(({ auth }) => auth === "refused")).toEqual([]);
  });

  it.each(rules.filter(({ method, path }) => method === "GET" && /(kube\/[0-9a-f-]+|nodepool)$/.test(path)))(
    "without $method $path the class is not ready and says so",
    async (without) => {
      const opened = await begin(rules.filter((rule) => rule !== without));
      const told = async (): Promise<boolean> => {
        const { status, reason } = (await permissions(opened)) ?? {};
        return status === "False" && reason === "CallNotGranted";
      };
      expect(await opened.clock.until(told, HALF_HOUR)).toBe(true);
    },
  );
});
