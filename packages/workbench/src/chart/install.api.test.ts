// The charts are taken by a real API server, with the commands of the products that came before.

import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  findBinary,
  prepareControlPlane,
  startControlPlane,
  type ControlPlane,
} from "@karpenter-multicloud/testkit/control-plane";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHART, prepareHelm } from "./helm.ts";
import { LIMIT_MS } from "../real-cluster/patience.ts";
import { INSTALLATIONS } from "./installations.ts";

const run = promisify(execFile);
const SUITE = "the charts on a real API server";
const helmIsThere = await prepareHelm(SUITE);
const planeIsThere = await prepareControlPlane(SUITE);
const kubectl = findBinary("kubectl");

/** Helm 4 is built; a Helm 3 is used beside it where somebody names one. */
const HELMS = [findBinary("helm") ?? "helm", process.env["KMC_HELM3"]].filter((path) => path !== undefined);

describe.runIf(helmIsThere && planeIsThere).each(HELMS)("installed by %s", { timeout: LIMIT_MS }, (helm) => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane();
  }, LIMIT_MS);
  afterAll(() => plane.stop(), LIMIT_MS);

  const helmed = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run(helm, [...args, "--kubeconfig", plane.kubeconfigPath, "--namespace", "karpenter"]);
    return stdout;
  };

  it.each(Object.entries(INSTALLATIONS))("the command of %s is accepted", async (_product, { release, set }) => {
    const values = set.flatMap((value) => ["--set", value]);
    const notes = await helmed("install", release, CHART, "--create-namespace", ...values);
    expect(notes).toContain(`-l app.kubernetes.io/name=${release}`);
    expect(await helmed("uninstall", release)).toContain("uninstalled");
  });

  it.runIf(kubectl !== undefined)("CH-7: definitions that kubectl has applied before are left alone", async () => {
    const asAdmin = ["--kubeconfig", plane.kubeconfigPath];
    const names = await readdir(join(CHART, "crds"));
    const files = names.flatMap((name) => ["-f", join(CHART, "crds", name)]);
    await run(kubectl ?? "", ["apply", ...asAdmin, "--server-side", "--force-conflicts", ...files]);
    const versions = async (): Promise<string> => {
      const columns = ["-o", "jsonpath={.items[*].metadata.resourceVersion}"];
      return (await run(kubectl ?? "", ["get", "customresourcedefinitions", ...asAdmin, ...columns])).stdout;
    };
    const before = await versions();
    const { release, set } = INSTALLATIONS["the Go OVHcloud provider's README"];
    await helmed("install", release, CHART, ...set.flatMap((value) => ["--set", value]));
    expect(before.split(" ")).toHaveLength(names.length);
    expect(await versions()).toBe(before);
  });
});
