import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { BINARIES, VERSIONS, versionsKey } from "./versions.ts";

async function requirements(module: string): Promise<ReadonlyMap<string, string>> {
  const path = new URL(`../../../../tools/controlplane/${module}/go.mod`, import.meta.url);
  const lines = (await readFile(path, "utf8")).matchAll(/^(?:require )?\s*(\S+) (v\S+)(?: \/\/ indirect)?$/gm);
  return new Map([...lines].map(([, name = "", version = ""]) => [name, version]));
}

describe("versions of the control plane", () => {
  it("are those of the Go modules it is built from", async () => {
    const [kubernetes, kwok, helm] = await Promise.all(["kubernetes", "kwok", "helm"].map(requirements));
    expect({
      etcd: kubernetes?.get("go.etcd.io/etcd/server/v3"),
      kubernetes: kubernetes?.get("k8s.io/kubernetes"),
      kwok: kwok?.get("sigs.k8s.io/kwok"),
      helm: helm?.get("helm.sh/helm/v4"),
    }).toEqual(VERSIONS);
  });

  it("build Kubernetes with its staging modules of the same release", async () => {
    const path = new URL("../../../../tools/controlplane/kubernetes/go.mod", import.meta.url);
    const replaced = [...(await readFile(path, "utf8")).matchAll(/k8s\.io\/\S+ => k8s\.io\/\S+ (v\S+)/g)];
    expect(replaced.length).toBeGreaterThan(25);
    expect(new Set(replaced.map(([, version]) => version))).toEqual(
      new Set([VERSIONS.kubernetes.replace("v1.", "v0.")]),
    );
  });

  it("name the cache's folder, so that another version never meets old programs", () => {
    for (const version of Object.values(VERSIONS)) expect(versionsKey()).toContain(version);
  });

  it("are told to the programs of Kubernetes, which would call themselves v0.0.0", () => {
    const flags = BINARIES.filter(({ package: path }) => path.startsWith("k8s.io/")).map(({ ldflags }) => ldflags);
    expect(flags).toHaveLength(5);
    for (const text of flags) expect(text).toContain(`gitVersion=${VERSIONS.kubernetes} `);
  });
});
