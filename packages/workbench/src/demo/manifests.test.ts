import { OVH_CUSTOM_RESOURCES } from "@karpenter-multicloud/provider-ovh";
import { describe, expect, it } from "vitest";
import type { ManifestFile } from "./demo-cloud.ts";
import { chooseObjects, ManifestError, readExamples, readFiles } from "./manifests.ts";

const quickStart = await readExamples("ovh/quick-start");
const fill = (text: string): string =>
  text
    .replaceAll("your-project-id", "0".repeat(32))
    .replaceAll("your-cluster-id", "11111111-2222-4333-8444-555555555555");

function chosen(own: readonly ManifestFile[]): readonly string[] {
  const objects = chooseObjects({ fill, quickStart }, OVH_CUSTOM_RESOURCES, own);
  return objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}

const POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: mine}\nspec: {containers: [{name: a, image: b}]}\n";
const POOL = `apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: mine}
spec: {template: {spec: {nodeClassRef: {group: karpenter.ovhcloud.sh, kind: OVHNodeClass, name: default}, requirements: []}}}
`;

describe("manifests of the demo", () => {
  it("without files of one's own the quick start is applied, its placeholders filled", () => {
    expect(chosen([])).toEqual(["Deployment inflate", "NodePool default", "OVHNodeClass default"]);
  });

  it("one's own objects replace those of the same role: a Pod replaces the Deployment", () => {
    expect(chosen([{ name: "a.yaml", text: POD }])).toEqual(["NodePool default", "OVHNodeClass default", "Pod mine"]);
    expect(chosen([{ name: "a.yaml", text: POOL }])).toEqual([
      "Deployment inflate",
      "OVHNodeClass default",
      "NodePool mine",
    ]);
  });

  it("every mistake is told at once", () => {
    const own = [
      { name: "a.yaml", text: POD.replace("containers", "container") },
      { name: "b.yaml", text: POOL.replace("requirements", "requirments") },
    ];
    expect(() => chosen(own)).toThrow(ManifestError);
    expect(() => chosen(own)).toThrow(
      /^a\.yaml:4: Pod mine .*\n(a\.yaml.*\n)*b\.yaml:4: NodePool mine .*did you mean requirements\?/,
    );
  });

  it("placeholders in one's own files are filled too", () => {
    const text = `apiVersion: karpenter.ovhcloud.sh/v1alpha1
kind: OVHNodeClass
metadata: {name: mine}
spec: {serviceName: "your-project-id", kubeId: your-cluster-id}
`;
    expect(chosen([{ name: "a.yaml", text }])).toContain("OVHNodeClass mine");
  });

  it("a file that cannot be read is named", async () => {
    await expect(readFiles(["/nowhere/a.yaml"])).rejects.toThrow("/nowhere/a.yaml: cannot be read");
  });
});
