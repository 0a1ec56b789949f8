import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ownCluster } from "./own-cluster.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

describe("the process's own cluster", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kmc-own-"));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function kubeconfig(name: string, authority: object, server = "https://198.51.100.7:6443"): Promise<string> {
    const path = join(folder, "config");
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster: { server, ...authority } }],
      users: [{ name: "u", user: { token: "t" } }],
      contexts: [{ name, context: { cluster: "c", user: "u" } }],
      "current-context": name,
    };
    await writeFile(path, JSON.stringify(config));
    return path;
  }

  it("is told by a kubeconfig file, authority included", async () => {
    const data = Buffer.from(PEM).toString("base64");
    const written = await kubeconfig("c", { "certificate-authority-data": data });
    expect(ownCluster({ kubeconfig: written })).toEqual({ server: "https://198.51.100.7:6443", caBundle: PEM });
    await writeFile(join(folder, "ca.crt"), PEM);
    const named = await kubeconfig("c", { "certificate-authority": join(folder, "ca.crt") });
    expect(ownCluster({ kubeconfig: named })).toEqual({ server: "https://198.51.100.7:6443", caBundle: PEM });
    expect(ownCluster({ kubeconfig: await kubeconfig("c", {}) })).toEqual({ server: "https://198.51.100.7:6443" });
  });

  it("is nobody else's business when only the pod knows it", async () => {
    expect(ownCluster({ kubeconfig: await kubeconfig("inClusterContext", {}) })).toBeUndefined();
  });

  it("is nobody else's business when only this host reaches it", async () => {
    for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
      expect(ownCluster({ kubeconfig: await kubeconfig("c", {}, `https://${host}:6443`) })).toBeUndefined();
    }
  });
});
