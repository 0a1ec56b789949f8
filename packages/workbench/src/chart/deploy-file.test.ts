// The one-file installation of the older GPU controller: same objects, same names (S-13 to S-18).

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { ROOT } from "../repository/import-graph.ts";
import { prepareHelm, refusal, renderChart } from "./helm.ts";

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec?: unknown;
}

const text = readFileSync(join(ROOT, "deploy/scaleway/deploy.yaml"), "utf8");
const isSame = (one: Partial<Named["metadata"]>, other: Partial<Named["metadata"]>): boolean =>
  one.name === other.name && one.namespace === other.namespace;
const read = (file: string): readonly Named[] =>
  parseAllDocuments(readFileSync(join(ROOT, "deploy/scaleway", file), "utf8")).map((each) => each.toJS() as Named);
const objects = read("deploy.yaml");
const find = (kind: string, name: string): Named | undefined =>
  objects.find((object) => object.kind === kind && object.metadata.name === name);

describe("deploy/scaleway", () => {
  it("S-13: the Secret has the name, the namespace and the five keys of the older file", () => {
    const secret = find("Secret", "scaleway-credentials");
    expect(secret?.metadata.namespace).toBe("default");
    expect(Object.keys(secret?.stringData ?? {})).toEqual([
      "SCW_ACCESS_KEY",
      "SCW_SECRET_KEY",
      "SCW_DEFAULT_PROJECT_ID",
      "SCW_DEFAULT_REGION",
      "SCW_DEFAULT_ZONE",
    ]);
  });

  it("S-14, S-15: Deployment, container, image and label are called as before", () => {
    expect(find("Deployment", "scw-karpenter-controller")?.spec).toMatchObject({
      template: {
        metadata: { labels: { app: "scw-karpenter" } },
        spec: {
          containers: [
            {
              name: "controller",
              image: "your-registry/scw-karpenter:latest",
              envFrom: [{ secretRef: { name: "scaleway-credentials", optional: true } }],
            },
          ],
        },
      },
    });
  });

  it("S-14: it has definitions and rights, and none of them is a wildcard", () => {
    const kinds = new Set(objects.map(({ kind }) => kind));
    expect([...kinds]).toEqual(expect.arrayContaining(["ClusterRole", "ClusterRoleBinding", "Role", "ServiceAccount"]));
    expect(find("CustomResourceDefinition", "scalewaynodeclasses.karpenter.scaleway.com")).toBeDefined();
    expect(JSON.stringify(objects.filter(({ kind }) => kind.endsWith("Role")))).not.toContain('"*"');
  });

  it("S-18, W-24: the compatibility file holds the NodePool and the class named scaleway-gpu", () => {
    const names = read("compat-scaleway-gpu.yaml").map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names).toEqual(["NodePool scaleway-gpu", "ScalewayNodeClass scaleway-gpu"]);
  });
});

const helmIsThere = await prepareHelm("deploy.yaml beside the chart");

describe.runIf(helmIsThere)("deploy.yaml beside the chart it was rendered from", () => {
  it("S-14: holds the same objects, with the same rights, command and definitions", async () => {
    const [, values = ""] = /--set ([^]+?)\n(?!# {5})/.exec(text) ?? [];
    const rendered = await renderChart({
      release: "scw-karpenter",
      set: [values.replaceAll(/\\\n# */g, "")],
      flags: ["--include-crds", "--namespace", "default"],
    });
    expect(objects.length).toBeGreaterThan(20);
    for (const object of objects.filter(({ kind }) => kind !== "Secret")) {
      const same = rendered.find(({ kind, metadata }) => kind === object.kind && isSame(metadata, object.metadata));
      expect(same, `${object.kind} ${object.metadata.name}`).toEqual(object);
    }
    const kept = new Set(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    const missing = rendered
      .map(({ kind, metadata }) => `${kind} ${metadata.name ?? ""}`)
      .filter((name) => !kept.has(name));
    // What other providers and features that are off by default need.
    expect(missing.filter((name) => !name.startsWith("CustomResourceDefinition "))).toEqual([]);
  });
});

describe.runIf(helmIsThere)("the device plugin of the chart", () => {
  const PROVIDER = ["provider=scaleway", "clusterName=test"];

  it("W-24: is off by default; asked for, it reaches GPU nodes whatever their taints", async () => {
    const isPlugin = ({ kind }: { readonly kind: string }): boolean => kind === "DaemonSet";
    expect((await renderChart({ set: PROVIDER })).filter(isPlugin)).toEqual([]);
    const plugin = ["gpu.devicePlugin.enabled=true", "gpu.devicePlugin.image=registry/k8s-device-plugin:v0.17.0"];
    const [daemonSet] = (await renderChart({ set: [...PROVIDER, ...plugin] })).filter(isPlugin);
    expect(daemonSet).toMatchObject({
      spec: {
        template: {
          spec: {
            tolerations: [{ operator: "Exists" }],
            nodeSelector: { "karpenter.scaleway.com/instance-gpu-manufacturer": "nvidia" },
          },
        },
      },
    });
  });

  it("says that it needs an image", async () => {
    const said = await refusal({ set: [...PROVIDER, "gpu.devicePlugin.enabled=true"] });
    expect(said).toContain("gpu.devicePlugin.image is required");
  });
});
