// The demo on a simulated cloud that sells what a file of the user's own says (SIM-7).

import "reflect-metadata";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ManifestError } from "../demo/manifests.ts";
import { runDemoCommand } from "./demo-run.ts";

const is = (key: string, value: string) => ({ key, operator: "In", values: [value] });
const CATALOG = [
  {
    name: "home.large",
    architecture: "amd64",
    operatingSystems: ["linux"],
    resources: { cpu: "4", memory: "8Gi" },
    offerings: [
      {
        Price: 0.125,
        Available: true,
        Requirements: [is("karpenter.sh/capacity-type", "on-demand"), is("topology.kubernetes.io/zone", "cellar")],
      },
    ],
  },
];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kmc-catalogue-"));
});
afterEach(() => rm(folder, { recursive: true }));

const play = (path: string) => runDemoCommand(["--provider=simulated", `--instance-types-file-path=${path}`]);

it("SIM-7: buys nothing else, at the prices of the file", async () => {
  const path = join(folder, "types.json");
  await writeFile(path, JSON.stringify(CATALOG));
  const { converged, totals, logger } = await play(path);
  expect(converged).toBe(true);
  // 30 pods of one CPU, three to a machine of four that keeps a little for itself.
  expect(totals).toMatchObject({ podsBound: 30, nodesPeak: 10, nodesEnd: 0, costPerHourPeak: 1.25 });
  expect(logger.messages("error")).toEqual([]);
});

it("a file that is no catalogue is named, with what is wrong", async () => {
  const path = join(folder, "types.json");
  await writeFile(path, "[]");
  await expect(play(path)).rejects.toThrow(new ManifestError(`${path}: the catalogue is empty`));
});
