// What becomes of a NodePool whose types are priced in two currencies, and of the others.

import { afterEach, expect, it } from "vitest";
import type { NodePool } from "../../api/index.ts";
import type { InstanceTypes } from "../../provider/index.ts";
import { anInstanceType, anOffering } from "../../testing/builders/index.ts";
import { DisruptableCluster, LARGE, SMALL } from "../../testing/disruptable-cluster.ts";
import { disruptionController } from "../disruption/controller.ts";
import { provisioningController } from "../provisioning/controller.ts";
import { Catalogue } from "./catalogue.ts";

let cluster: DisruptableCluster;
afterEach(() => cluster.harness.stop());

/** Cheaper than all others, if only one knew. */
const DOLLARS = anInstanceType({ name: "u.2", cpu: "2", offerings: [anOffering({ price: 0.01, currency: "USD" })] });

it("S-702: a type in another currency is passed over, and the pools are consolidated all the same", async () => {
  cluster = new DisruptableCluster();
  const { harness } = cluster;
  await cluster.pool();
  await cluster.pool({}, "mixed");
  await cluster.machine("n1");
  await cluster.machine("n2", { pool: "mixed" });
  harness.provider.getInstanceTypes = async ({ metadata }: NodePool): Promise<InstanceTypes> => ({
    version: "1",
    items: metadata.name === "mixed" ? [LARGE, SMALL, DOLLARS] : [LARGE, SMALL],
  });
  const provider = new Catalogue(harness.deps).seenThrough(harness.provider, "disruption");
  const deps = { ...harness.deps, provider };
  await harness.start(disruptionController(deps), provisioningController(deps));
  await harness.pass(60_000);
  expect(harness.logger.messages("error")).toEqual([]);
  const [replacement, ...more] = await cluster.replacements();
  expect(more).toEqual([]);
  const types = replacement?.spec.requirements.find(({ key }) => key === "node.kubernetes.io/instance-type")?.values;
  expect(types).toEqual(["m.2"]);
});
