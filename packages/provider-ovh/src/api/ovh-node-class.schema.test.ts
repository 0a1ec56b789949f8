// Scenarios of docs/reference/upstream-parity.md: E-212.

import {
  applyDefaults,
  pruneUnknown,
  toCustomResourceDefinition,
  validateSchema,
} from "@karpenter-multicloud/core/api";
import { describe, expect, it } from "vitest";

import { ovhNodeClassResource } from "./ovh-node-class.schema.ts";
import { NODE_CLASS_HASH_VERSION, nodeClassHash } from "./node-class-hash.ts";
import type { OVHNodeClassSpec } from "./ovh-node-class.ts";

const { schema } = ovhNodeClassResource;
const SERVICE = "0123456789abcdef0123456789abcdef";
const KUBE = "11111111-2222-4333-8444-555555555555";
const object = (spec: unknown): Readonly<Record<string, unknown>> => ({
  apiVersion: "karpenter.ovhcloud.sh/v1alpha1",
  kind: "OVHNodeClass",
  metadata: { name: "default" },
  spec,
});
const errors = (spec: unknown, old?: unknown): readonly string[] =>
  (old === undefined ? validateSchema(schema, object(spec)) : validateSchema(schema, object(spec), object(old))).map(
    ({ path }) => path,
  );

describe("the schema of OVHNodeClass", () => {
  it("T-86, S-18: takes the quick start's manifest, placeholders filled, without losing a field", () => {
    const manifest = object({
      serviceName: SERVICE,
      kubeId: KUBE,
      region: "EU-WEST-PAR",
      credentialsSecretRef: { name: "ovh-credentials", namespace: "karpenter" },
      monthlyBilled: false,
      antiAffinity: false,
    });
    expect(validateSchema(schema, manifest)).toEqual([]);
    expect(pruneUnknown(schema, manifest).unknown).toEqual([]);
  });

  it("T-86, S-20, S-32: takes regions as the documents write them, tags, and a class with nothing but a name", () => {
    for (const region of ["GRA7", "GRA11", "RBX-A", "BHS5", "EU-WEST-PAR"]) {
      expect(
        errors({ serviceName: SERVICE, kubeId: KUBE, region, tags: { environment: "demo", "cost-center": "42" } }),
      ).toEqual([]);
    }
    expect(errors({})).toEqual([]);
  });

  it("fills in the defaults", () => {
    expect(applyDefaults(schema, object({}))["spec"]).toMatchObject({ monthlyBilled: false, antiAffinity: false });
  });

  it.each([
    ["serviceName", { serviceName: "my project" }],
    ["serviceName", { serviceName: "a/b" }],
    ["kubeId", { kubeId: "my-cluster" }],
    ["region", { region: "eu-west-par" }],
    ["endpoint", { endpoint: "http://api.example.com/1.0" }],
    ["credentialsSecretRef", { credentialsSecretRef: { namespace: "karpenter" } }],
    ["tags", { tags: { "karpenter.sh/nodepool": "x" } }],
    ["tags", { tags: { "node.kubernetes.io/role": "x" } }],
    ["tags", { tags: { nodepool: "x" } }],
    ["tags", { tags: { team: "not a label value" } }],
    ["zones", { zones: ["a", "b", "c", "d"] }],
    ["spec", { monthlyBilled: true, flavorSelector: { families: ["b3"] } }],
    ["spec", { monthlyMinLifetime: "720h" }],
  ])("T-68: refuses a wrong %s", (field, spec) => {
    const paths = errors(spec);
    expect(paths.length).toBeGreaterThan(0);
    expect(paths.every((path) => path.includes(field))).toBe(true);
  });

  it("keeps project and cluster of a class for ever", () => {
    const old = { serviceName: SERVICE, kubeId: KUBE };
    expect(errors({ ...old, antiAffinity: true }, old)).toEqual([]);
    expect(errors({ ...old, kubeId: KUBE.replace("1", "2") }, old)).not.toEqual([]);
    expect(errors({ serviceName: SERVICE }, old)).not.toEqual([]);
    expect(errors(old, { serviceName: SERVICE })).toEqual([]);
  });

  it("shows Ready, Region, Age, and the plan with -o wide", () => {
    const definition = toCustomResourceDefinition(ovhNodeClassResource);
    expect(definition).toMatchObject({
      metadata: { name: "ovhnodeclasses.karpenter.ovhcloud.sh" },
      spec: { scope: "Cluster", names: { shortNames: ["ovhnc", "ovhnodeclass"], categories: ["karpenter"] } },
    });
    expect(ovhNodeClassResource.printerColumns.map(({ name }) => name)).toEqual(["Ready", "Region", "Age", "Plan"]);
  });
});

describe("the fingerprint of a class", () => {
  const base: OVHNodeClassSpec = { serviceName: SERVICE, tags: { a: "1", b: "2" } };

  it("O-65: changes with what makes machines differ, and with nothing else", () => {
    const hash = nodeClassHash(base);
    expect(nodeClassHash({ ...base, tags: { b: "2", a: "1" } })).toBe(hash);
    expect(nodeClassHash({ ...base, region: "GRA7", endpoint: "ovh-ca", reserved: { cpuMilli: 1 } })).toBe(hash);
    for (const over of [
      { monthlyBilled: true },
      { antiAffinity: true },
      { tags: {} },
      { templateLabels: "NodePool" as const },
    ]) {
      expect(nodeClassHash({ ...base, ...over })).not.toBe(hash);
    }
    expect(NODE_CLASS_HASH_VERSION).toBe("v1");
  });
});
