import { describe, expect, it } from "vitest";
import { lint } from "./lint.ts";

const pool = (over: string): string => `apiVersion: karpenter.sh/v1
kind: NodePool
metadata:
  name: default
spec:
  template:
    spec:
      nodeClassRef: {group: karpenter.ovhcloud.sh, kind: OVHNodeClass, name: default}
      ${over}
`;

describe("kmc lint", () => {
  it("has nothing to say about a good NodePool", () => {
    expect(lint([{ name: "pool.yaml", text: pool("requirements: []") }])).toEqual([]);
  });

  it.each([
    ["karpenter.ovhcloud.sh/v1alpha1", "OVHNodeClass"],
    ["karpenter.scaleway.com/v1alpha1", "ScalewayNodeClass"],
    ["karpenter.k8s.cloudstack/v1", "CloudStackNodeClass"],
  ])("knows the fields of %s %s", (apiVersion, kind) => {
    const text = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: default}\nspec: {zoness: [a]}\n`;
    expect(lint([{ name: "class.yaml", text }]).join()).toContain("spec.zoness");
  });

  it("names a requirement that only machines of another cloud could meet, which an API server takes", () => {
    const keys = ["karpenter.k8s.aws/instance-category", "karpenter.ovhcloud.sh/instance-cpu", "example.com/team"];
    const requirements = keys.map((key) => `{key: ${key}, operator: In, values: ["c"]}`).join(", ");
    const [line = "", ...more] = lint([{ name: "pool.yaml", text: pool(`requirements: [${requirements}]`) }]);
    expect(more).toEqual([]);
    expect(line).toContain("no machine of OVHNodeClass has the label karpenter.k8s.aws/instance-category");
    expect(line).toContain("karpenter.ovhcloud.sh/instance-category");
  });

  it("names file, object, field and fix of a misspelt field", () => {
    const [line, ...more] = lint([{ name: "pool.yaml", text: pool("requirments: []") }]);
    expect(line).toContain("pool.yaml");
    expect(line).toContain("spec.template.spec.requirments");
    expect(line).toContain("requirements");
    expect(more.every((text) => text.includes("requirements"))).toBe(true);
  });
});
