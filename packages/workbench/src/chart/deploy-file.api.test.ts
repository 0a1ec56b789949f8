// deploy/scaleway and examples/scaleway are taken by a real API server, as people apply them, and mistakes in a class are refused there.

import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { CLASS_MISTAKES } from "@karpenter-multicloud/provider-scaleway/test-subject";
import {
  findBinary,
  prepareControlPlane,
  startControlPlane,
  type ControlPlane,
} from "@karpenter-multicloud/testkit/control-plane";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LIMIT_MS } from "../real-cluster/patience.ts";
import { ROOT } from "../repository/import-graph.ts";

const run = promisify(execFile);
const planeIsThere = await prepareControlPlane("deploy/scaleway on a real API server", [], ["kubectl"]);
const CONTROLLER = "system:serviceaccount:default:scw-karpenter-controller";

describe.runIf(planeIsThere)("deploy/scaleway on a real API server", { timeout: LIMIT_MS }, () => {
  let plane: ControlPlane;
  const kubectl = async (...args: readonly string[]): Promise<string> =>
    (await run(findBinary("kubectl") ?? "kubectl", [...args, "--kubeconfig", plane.kubeconfigPath], { cwd: ROOT }))
      .stdout;

  beforeAll(async () => {
    plane = await startControlPlane();
    await kubectl("create", "serviceaccount", "default", "--namespace", "default");
    await kubectl("apply", "-f", "deploy/scaleway/deploy.yaml");
    await kubectl("wait", "--for=condition=Established", "customresourcedefinitions", "--all", "--timeout=180s");
  }, LIMIT_MS);
  afterAll(() => plane.stop(), LIMIT_MS);

  const can = async (verb: string, resource: string, ...more: readonly string[]): Promise<string> => {
    const asked = kubectl("auth", "can-i", verb, resource, "--as", CONTROLLER, ...more);
    const answer = await asked.catch((error: unknown) => (error as { readonly stdout?: string }).stdout ?? "");
    return answer.trim();
  };

  it("S-14: one file is enough: every object is taken, twice", async () => {
    const again = await kubectl("apply", "-f", "deploy/scaleway/deploy.yaml");
    const lines = again.trim().split("\n");
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.filter((line) => !/ (unchanged|configured)$/.test(line))).toEqual([]);
    const label = ["-o", "jsonpath={.spec.template.metadata.labels.app}"];
    expect(await kubectl("get", "deployment", "scw-karpenter-controller", ...label)).toBe("scw-karpenter");
  });

  it("S-14: its controller may do its work, and no more", async () => {
    expect(await can("patch", "scalewaynodeclasses", "--subresource=status")).toBe("yes");
    expect(await can("create", "nodeclaims")).toBe("yes");
    expect(await can("create", "secrets", "--namespace", "kube-system")).toBe("yes");
    expect(await can("list", "secrets", "--namespace", "default")).toBe("no");
    expect(await can("create", "secrets", "--namespace", "default")).toBe("no");
    expect(await can("delete", "pods", "--subresource=exec")).toBe("no");
  });

  it("S-18, S-19, W-24: the compatibility file and the older documents' pod are taken unchanged", async () => {
    await kubectl("apply", "-f", "deploy/scaleway/compat-scaleway-gpu.yaml");
    const pool = await kubectl("get", "nodepools.karpenter.sh", "scaleway-gpu", "-o", "jsonpath={.spec.limits}");
    expect(JSON.parse(pool)).toEqual({ cpu: "1000", memory: "1000Gi" });
    await kubectl("apply", "-f", "examples/scaleway/gpu/test-pod.yaml");
    expect(await kubectl("get", "pod", "gpu-test", "-o", "jsonpath={.spec.nodeSelector}")).toBe(
      '{"karpenter.sh/instance-type":"l4"}',
    );
  });

  it.each(["quick-start", "gpu", "metadata-policy.yaml"])("examples/scaleway/%s is taken", async (name) => {
    expect(await kubectl("apply", "-f", join("examples/scaleway", name))).not.toBe("");
  });

  it.each(CLASS_MISTAKES)("T-69: a mistake in %s is refused by its name", async (field, spec) => {
    const file = join(plane.folder, "class.json");
    const apiVersion = "karpenter.scaleway.com/v1alpha1";
    const object = { apiVersion, kind: "ScalewayNodeClass", metadata: { name: "wrong" }, spec };
    await writeFile(file, JSON.stringify(object));
    const refusal = kubectl("create", "-f", file).then(
      () => "taken",
      (error: unknown) => (error as Error).message,
    );
    expect(await refusal).toContain(field);
  });

  it("T-69: bootstrap.type cannot be changed", async () => {
    const patch = JSON.stringify({ spec: { bootstrap: { type: "custom" }, userData: "#!/bin/sh" } });
    const patching = kubectl("patch", "scalewaynodeclasses", "scaleway-gpu", "--type=merge", "-p", patch);
    await expect(patching).rejects.toThrow("bootstrap.type");
  });
});
