import { CertificateSigningRequests, Nodes } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { certificateRequest, type RequestedNames } from "@karpenter-multicloud/core/testing";
import { afterEach, describe, expect, it } from "vitest";

import { Bench } from "../test-bench.ts";
import { TinyClient } from "../testing/tiny-client.ts";

const ON = { SCW_APPROVE_SERVING_CERTIFICATES: "true" };

let bench: Bench;
afterEach(() => bench.close());

/** A machine with a public address and one of a private network, and its Node. */
const start = async (env: Readonly<Record<string, string>> = ON): Promise<NodeClaim> => {
  bench = await Bench.start({ env, spec: { zones: ["fr-par-1"] } });
  const network = bench.fake.outside.addPrivateNetwork("fr-par", "nodes");
  await bench.putClass("inside", { zones: ["fr-par-1"], privateNetworks: [{ id: network.id }] });
  await bench.pass(5_000);
  const claim = await bench.launch("a1", { nodeClass: "inside" });
  await bench.pass(120_000);
  return claim;
};

const joins = async (name: string, providerID: string): Promise<void> => {
  await bench.kube.create(Nodes, { metadata: { name }, spec: { providerID } });
  await bench.pass(1_000);
};

/** As Scaleway tells them. */
const addresses = async (): Promise<readonly string[]> => {
  const [server] = bench.fake.state().servers as readonly { readonly public_ips: readonly { address: string }[] }[];
  const { body } = await new TinyClient(bench.fake).call("GET", "/ipam/v1/regions/fr-par/ips?is_ipv6=false");
  const inside = (body["ips"] as readonly { readonly address: string }[]).map(({ address }) => address.split("/")[0]);
  return [...(server?.public_ips ?? []).map(({ address }) => address), ...inside].flatMap((each) => each ?? []);
};

const ask = async (node: string, names: Partial<RequestedNames>): Promise<string> => {
  const commonName = `system:node:${node}`;
  const pem = certificateRequest({ commonName, organizations: ["system:nodes"], dnsNames: [node], ...names });
  await bench.kube.create(CertificateSigningRequests, {
    metadata: { name: `csr-${node}` },
    spec: {
      request: Buffer.from(pem).toString("base64"),
      signerName: "kubernetes.io/kubelet-serving",
      usages: ["digital signature", "server auth"],
      username: commonName,
      groups: ["system:nodes", "system:authenticated"],
    },
  });
  await bench.pass(2_000);
  return decision(node);
};

const decision = async (node: string): Promise<string> => {
  const { status } = await bench.kube.get(CertificateSigningRequests, { name: `csr-${node}` });
  return (status?.conditions ?? []).map(({ type, status: value, reason = "" }) => `${type} ${value} ${reason}`).join();
};

const refused = (): readonly string[] =>
  bench.events.notes.flatMap(({ reason, message }) => (reason === "ServingCertificateNotApproved" ? [message] : []));

describe("kubelets' certificates for their own port", () => {
  it("are approved for the machine's name and every address that Scaleway tells of it", async () => {
    const { status } = await start();
    await joins("a1", status?.providerID ?? "");
    const own = await addresses();
    expect(own).toHaveLength(2);
    expect(await ask("a1", { addresses: own })).toBe("Approved True KarpenterNode");
    expect(refused()).toEqual([]);
  });

  it("are left to people with an address of another machine, and somebody hears of it", async () => {
    const { status } = await start();
    await joins("a1", status?.providerID ?? "");
    expect(await ask("a1", { addresses: [...(await addresses()), "10.99.0.1"] })).toBe("");
    expect(refused()).toEqual([expect.stringContaining("csr-a1 of node a1 is not approved: 10.99.0.1 is not its own")]);
    await bench.pass(20 * 60_000);
    expect(await decision("a1")).toBe("");
  });

  it("wait for the node to be known, and are approved then", async () => {
    const { status } = await start();
    expect(await ask("a1", {})).toBe("");
    await joins("a1", status?.providerID ?? "");
    await bench.pass(16_000);
    expect(await decision("a1")).toBe("Approved True KarpenterNode");
    expect(refused()).toEqual([]);
  });

  it("are none of ours for a node that is no machine of a NodeClaim", async () => {
    await start();
    await joins("by-hand", "scaleway://instance/fr-par-1/6f9619ff-8b86-4011-b42d-00c04fc964ff");
    expect(await ask("by-hand", {})).toBe("");
    await bench.pass(60_000);
    expect(await decision("by-hand")).toBe("");
    expect(refused()).toEqual([]);
  });

  it("are not for a node that only says it is one of our machines: its name tells", async () => {
    const { status } = await start();
    await joins("impostor", status?.providerID ?? "");
    expect(await ask("impostor", { addresses: await addresses() })).toBe("");
    await bench.pass(60_000);
    expect(await decision("impostor")).toBe("");
  });

  it("are not for a machine that Scaleway no longer has", async () => {
    const { status } = await start();
    await joins("a1", status?.providerID ?? "");
    const own = await addresses();
    bench.fake.outside.vanish("a1");
    expect(await ask("a1", { addresses: own })).toBe("");
    expect(refused()).toEqual([expect.stringContaining("is not its own")]);
  });

  it("are nobody's business where that is not asked for", async () => {
    const { status } = await start({});
    await joins("a1", status?.providerID ?? "");
    expect(await ask("a1", { addresses: await addresses() })).toBe("");
    await bench.pass(60_000);
    expect(await decision("a1")).toBe("");
  });
});
