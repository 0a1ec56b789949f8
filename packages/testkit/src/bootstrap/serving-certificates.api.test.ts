// Certificates of kubelets' own ports before a real API server and the signer of a real controller manager, with the chart's rights and no others.

import { readFile } from "node:fs/promises";
import { X509Certificate } from "node:crypto";
import {
  CertificateSigningRequests,
  ClusterRoleBindings,
  CUSTOM_RESOURCES,
  NodeClaims,
  Nodes,
  toCustomResourceDefinition,
  type CertificateSigningRequest,
  type KubeObject,
  type NodeClaim,
  type Resource,
} from "@karpenter-multicloud/core/api";
import {
  BootstrapTokens,
  servingCertificateController,
  systemRandom,
  tokenText,
} from "@karpenter-multicloud/core/bootstrap";
import { Mirror, type KubeClient } from "@karpenter-multicloud/core/kube";
import { ControllerManager, SystemClock } from "@karpenter-multicloud/core/runtime";
import { silentMetrics } from "@karpenter-multicloud/core/telemetry";
import { certificateRequest, EventSink, MemoryLogger, type RequestedNames } from "@karpenter-multicloud/core/testing";
import { minutes } from "@karpenter-multicloud/core/units";
import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { prepareControlPlane } from "../control-plane/index.ts";
import { JoiningCluster } from "./joining-cluster.ts";

const NAME = "gpu-x7k2p";
const ADDRESS = "10.0.0.7";
const GROUP = "karpenter.scaleway.com";
const SERVICE_ACCOUNT = { namespace: "kube-system", name: "karpenter" };
const PROVIDER_ID = "scaleway://instance/fr-par-2/6f9619ff-8b86-4011-b42d-00c04fc964ff";

const plain = (group: string, kind: string, plural: string, namespaced: boolean): Resource => ({
  group,
  version: "v1",
  kind,
  plural,
  namespaced,
});
const ServiceAccounts = plain("", "ServiceAccount", "serviceaccounts", true);
const ClusterRoles = plain("rbac.authorization.k8s.io", "ClusterRole", "clusterroles", false);

/** As the chart gives them where certificates are to be approved. */
async function chartRules(): Promise<readonly object[]> {
  const text = await readFile(new URL("../../../../charts/templates/rbac-scaleway.yaml", import.meta.url), "utf8");
  const [, rules = ""] = /\$serving\) \| nindent 2 \}\}\nrules:\n([\s\S]+?)\n---/.exec(text) ?? [];
  return parse(rules) as readonly object[];
}

const { signal } = new AbortController();
const isThere = await prepareControlPlane("serving certificates", ["controller-manager"], ["kubeadm"]);

describe.runIf(isThere)("a kubelet's certificate for its own port", () => {
  const clock = new SystemClock();
  const stop = new AbortController();
  const events = new EventSink();
  const logger = new MemoryLogger();
  let cluster: JoiningCluster;
  let kubelet: KubeClient;
  let approver: KubeClient;

  const bind = async (name: string, rules: readonly object[]): Promise<void> => {
    const create = (resource: Resource, object: object): Promise<KubeObject> =>
      cluster.admin.create(resource, object as KubeObject);
    await create(ClusterRoles, { metadata: { name }, rules });
    await create(ClusterRoleBindings, {
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", ...SERVICE_ACCOUNT }],
    });
  };

  /** As its machine gets it: by a join token, signed by itself. */
  const joined = async (name: string, claim: NodeClaim): Promise<KubeClient> => {
    const tokens = new BootstrapTokens({ kube: cluster.admin, clock, random: systemRandom, labelDomain: GROUP });
    const stranger = await cluster.clientAs(`token-${name}`, {
      token: tokenText(await tokens.ensure(claim, minutes(30), signal)),
    });
    const { request, key } = await cluster.kubeletRequest(name);
    await stranger.create(CertificateSigningRequests, {
      metadata: { name: `client-${name}` },
      spec: {
        request: Buffer.from(request, "utf8").toString("base64"),
        signerName: "kubernetes.io/kube-apiserver-client-kubelet",
        usages: ["digital signature", "client auth"],
      },
    });
    const isSigned = async (): Promise<void> => expect(await certificate(`client-${name}`)).not.toBe("");
    await vi.waitFor(isSigned, { timeout: 240_000, interval: 500 });
    return cluster.clientAs(`kubelet-${name}`, {
      "client-certificate-data": await certificate(`client-${name}`),
      "client-key-data": Buffer.from(key, "utf8").toString("base64"),
    });
  };

  const found = (name: string): Promise<CertificateSigningRequest> =>
    cluster.admin.get(CertificateSigningRequests, { name });
  const certificate = async (name: string): Promise<string> => (await found(name)).status?.certificate ?? "";

  const ask = (client: KubeClient, name: string, names: Partial<RequestedNames> = {}) => {
    const own = { commonName: `system:node:${NAME}`, organizations: ["system:nodes"], dnsNames: [NAME] };
    return client.create(CertificateSigningRequests, {
      metadata: { name },
      spec: {
        request: Buffer.from(certificateRequest({ ...own, addresses: [ADDRESS], ...names })).toString("base64"),
        signerName: "kubernetes.io/kubelet-serving",
        usages: ["digital signature", "server auth"],
      },
    });
  };

  beforeAll(async () => {
    cluster = await JoiningCluster.start(CUSTOM_RESOURCES.map(toCustomResourceDefinition));
    await cluster.admin.create(ServiceAccounts, { metadata: SERVICE_ACCOUNT });
    await bind("karpenter-core", [
      { apiGroups: [""], resources: ["nodes"], verbs: ["list", "watch"] },
      { apiGroups: ["karpenter.sh"], resources: ["nodeclaims"], verbs: ["list", "watch"] },
    ]);
    await bind("karpenter-serving", await chartRules());
    approver = await cluster.clientOfServiceAccount(SERVICE_ACCOUNT.namespace, SERVICE_ACCOUNT.name);
    const claim = await cluster.admin.create(NodeClaims, {
      metadata: { name: NAME },
      spec: { requirements: [], nodeClassRef: { group: GROUP, kind: "ScalewayNodeClass", name: "default" } },
    });
    const body = { status: { providerID: PROVIDER_ID } };
    await cluster.admin.patchStatus(NodeClaims, { name: NAME }, { type: "merge", body });
    kubelet = await joined(NAME, claim);
    await kubelet.create(Nodes, { metadata: { name: NAME }, spec: { providerID: PROVIDER_ID } });
    const cache = new Mirror({ client: approver, clock, logger, random: () => 0.5 });
    const manager = new ControllerManager({ cache, clock, logger, metrics: silentMetrics, random: () => 0.5 });
    manager.add(
      servingCertificateController({
        kube: approver,
        cache,
        clock,
        events,
        logger,
        isOurs: ({ spec }) => spec.nodeClassRef.group === GROUP,
        nodeNameOf: ({ metadata }) => metadata.name ?? "",
        addressesOf: () => Promise.resolve([ADDRESS]),
      }),
    );
    cache.start(stop.signal);
    manager.start(stop.signal).catch((error: unknown) => logger.error("the controllers stopped", { error }));
  });

  afterAll(async () => {
    stop.abort(new Error("the test is over"));
    await cluster[Symbol.asyncDispose]();
  });

  it("is approved for the machine's own name and address, and signed", async () => {
    await ask(kubelet, "own");
    await expect.poll(() => certificate("own")).not.toBe("");
    expect((await found("own")).status?.conditions).toMatchObject([{ type: "Approved", reason: "KarpenterNode" }]);
    const issued = new X509Certificate(Buffer.from(await certificate("own"), "base64"));
    expect(issued.subjectAltName).toBe(`DNS:${NAME}, IP Address:${ADDRESS}`);
    expect(issued.subject).toContain(`CN=system:node:${NAME}`);
  });

  it("is left undecided with an address that is not the machine's, and the claim says why", async () => {
    await ask(kubelet, "foreign", { addresses: [ADDRESS, "10.0.0.8"] });
    const said = (): string => events.notes.map(({ reason, message }) => `${reason}: ${message}`).join();
    await expect.poll(said).toContain("ServingCertificateNotApproved: certificate request foreign");
    expect((await found("foreign")).status?.conditions).toBeUndefined();
  });

  it("is left undecided where somebody else than the node asks for it", async () => {
    await ask(cluster.admin, "by-admin");
    await ask(kubelet, "own-again");
    await expect.poll(() => certificate("own-again")).not.toBe("");
    expect((await found("by-admin")).status?.conditions).toBeUndefined();
  });

  it("may be approved with these rights, and nothing else may", async () => {
    const spec = {
      request: Buffer.from(certificateRequest({ commonName: "root", organizations: ["team"] })).toString("base64"),
      usages: ["digital signature", "client auth"],
    };
    const signerName = "kubernetes.io/kube-apiserver-client";
    await cluster.admin.create(CertificateSigningRequests, {
      metadata: { name: "client" },
      spec: { ...spec, signerName },
    });
    const condition = {
      type: "Approved",
      status: "True",
      reason: "No",
      message: "",
      lastUpdateTime: new Date().toISOString(),
    };
    const body = { status: { conditions: [condition] } };
    const approved = approver.patchStatus(CertificateSigningRequests, { name: "client" }, { type: "merge", body });
    await expect(approved).rejects.toMatchObject({ code: 403 });
    const deleted = approver.delete(CertificateSigningRequests, { name: "client" });
    await expect(deleted).rejects.toMatchObject({ code: 403 });
  });
});
