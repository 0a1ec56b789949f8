// Scenarios of docs/reference/upstream-parity.md: E-201, E-202.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ConfigMaps, NodeClaims } from "@karpenter-multicloud/core/api";
import { findProviderError } from "@karpenter-multicloud/core/provider";
import { afterEach, describe, expect, it, vi } from "vitest";

import { ovhNodeClassResource } from "../api/ovh-node-class.schema.ts";
import { OVH_NODE_CLASS_FINALIZER, OVHNodeClasses } from "../api/ovh-node-class.ts";
import { Bench } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";
import type { AccessRule, SeedCredential } from "../testing/index.ts";

const SERVICE = "0123456789abcdef0123456789abcdef";
const KUBE = "11111111-2222-4333-8444-555555555555";
const CLUSTER = `/cloud/project/${SERVICE}/kube/${KUBE}`;

/** What the documentation tells users to grant (S-14). */
const MINIMUM: readonly AccessRule[] = [
  { method: "GET", path: CLUSTER },
  { method: "GET", path: `${CLUSTER}/nodepool` },
  { method: "GET", path: `${CLUSTER}/nodepool/*` },
  { method: "POST", path: `${CLUSTER}/nodepool` },
  { method: "PUT", path: `${CLUSTER}/nodepool/*` },
  { method: "DELETE", path: `${CLUSTER}/nodepool/*` },
  { method: "GET", path: `${CLUSTER}/flavors` },
  { method: "GET", path: `/cloud/project/${SERVICE}/capabilities/kube/*` },
];
const keys = (name: string, accessRules?: readonly AccessRule[]): SeedCredential => ({
  applicationKey: `${name}-application-key`,
  applicationSecret: `${name}-application-secret`,
  consumerKey: `${name}-consumer-key`,
  ...(accessRules === undefined ? {} : { accessRules }),
});

let bench: Bench;
const started = async (options: BenchOptions = {}): Promise<Bench> => (bench = await Bench.start(options));

afterEach(() => bench.close("InvalidSignature"));
afterEach(() => void vi.useRealTimers());

describe("the status of an OVHNodeClass", () => {
  it("is ready with what was found out about the cluster", async () => {
    await started();
    const { status, metadata } = await bench.nodeClass();
    expect(status).toMatchObject({
      serviceName: SERVICE,
      kubeId: KUBE,
      region: "EU-WEST-PAR",
      plan: "standard",
      regionType: "region-3-az",
      zones: ["eu-west-par-a", "eu-west-par-b", "eu-west-par-c"],
      currency: "EUR",
      priceSource: "bundled",
      poolCount: 0,
    });
    expect(status?.discoveredFlavors).toContain("b3-8");
    expect(metadata.finalizers).toEqual([OVH_NODE_CLASS_FINALIZER]);
    expect(await bench.condition("Ready")).toBe("True Ready: ");
  });

  it("S-29: says so when the kind's definition is another product's and cuts the status off", async () => {
    const { schema } = ovhNodeClassResource;
    const { conditions = {}, discoveredFlavors = {} } = schema.properties?.["status"]?.properties ?? {};
    const status = { type: "object" as const, properties: { conditions, discoveredFlavors } };
    const older = { ...ovhNodeClassResource, schema: { ...schema, properties: { ...schema.properties, status } } };
    await started({ customResources: [older] });
    expect(await bench.condition("ZonesReady")).toMatch(
      /^False OutdatedCRD: .* ovhnodeclasses\.karpenter\.ovhcloud\.sh .* chart karpenter-crd/,
    );
    expect(await bench.condition("Ready")).toMatch(/^False/);
    const since = async (): Promise<unknown> =>
      (await bench.nodeClass()).status?.conditions?.find(({ type }) => type === "ZonesReady")?.lastTransitionTime;
    const first = await since();
    await bench.pass(300_000);
    expect(await bench.condition("ZonesReady")).toMatch(/^False OutdatedCRD/);
    expect(await since()).toBe(first);
    bench.kube.define(ovhNodeClassResource);
    await bench.pass(120_000);
    expect(await bench.condition("Ready")).toBe("True Ready: ");
  });

  it("T-59, O-71: a region that is not the cluster's is named with both", async () => {
    await started({ spec: { region: "GRA11" } });
    expect(await bench.condition("RegionValid")).toMatch(
      /^False RegionMismatch: region is GRA11, but the cluster is in EU-WEST-PAR/,
    );
    expect(await bench.condition("Ready")).toMatch(/^False/);
  });

  it("tells wrong credentials from missing ones", async () => {
    await started();
    await bench.putSecret({ ...bench.fake.credentials, consumerKey: "wrong" });
    await bench.putClass("wrong");
    await bench.putClass("missing", { credentialsSecretRef: { name: "nowhere", namespace: "karpenter" } });
    await bench.pass(3_000);
    expect(await bench.condition("CredentialsReady", "wrong")).toMatch(
      /^False InvalidCredential: check consumerKey in the credentials Secret/,
    );
    expect(await bench.condition("CredentialsReady", "missing")).toMatch(
      /^False SecretNotFound: Secret karpenter\/nowhere does not exist: create it with kubectl create secret generic nowhere -n karpenter/,
    );
  });

  it("tells which of the three keys is wrong, in a text that stays the same", async () => {
    await started();
    await bench.putSecret({ ...bench.fake.credentials, applicationSecret: "wrong" });
    await bench.putClass("wrong");
    await bench.pass(3_000);
    const first = await bench.condition("CredentialsReady", "wrong");
    expect(first).toMatch(/^False InvalidCredential: check applicationSecret in the credentials Secret/);
    await bench.pass(65_000);
    expect(await bench.condition("CredentialsReady", "wrong")).toBe(first);
  });

  it("an unknown cluster is named, with what to check", async () => {
    await started({ spec: { kubeId: "99999999-2222-4333-8444-555555555555" } });
    expect(await bench.condition("ClusterReady")).toMatch(
      /^False NotFound: cluster 99999999-2222-4333-8444-555555555555 was not found in project \w+: correct kubeId/,
    );
  });

  it("T-60, O-70: without kubeId the cluster is never guessed, and the clusters there are named", async () => {
    await started({
      env: {},
      fake: {
        clusters: [
          { kubeId: KUBE, name: "one" },
          { kubeId: KUBE.replace("1", "2"), name: "two" },
        ],
      },
    });
    const { serviceName } = bench.fake.credentials;
    const credentialsSecretRef = { name: "ovh-credentials", namespace: "karpenter" };
    await bench.kube.create(OVHNodeClasses, {
      apiVersion: "karpenter.ovhcloud.sh/v1alpha1",
      kind: "OVHNodeClass",
      metadata: { name: "detect" },
      spec: { serviceName, endpoint: bench.fake.url, credentialsSecretRef },
    });
    await bench.pass(3_000);
    expect(await bench.condition("ClusterReady", "detect")).toMatch(/^False Ambiguous: .*OVH_KUBE_ID.*one.*two/);
  });

  it.each(["cluster-info", "service-account token"])(
    "T-60: without kubeId the cluster is found by what its %s says",
    async (where) => {
      const second = KUBE.replace("1", "2");
      const clusters = [{ kubeId: KUBE }, { kubeId: second, url: "x1y2z3.c1.par.k8s.ovh.net" }];
      const folder = await mkdtemp(join(tmpdir(), "token-"));
      const tokenFile = join(folder, "token");
      const issuer = { iss: "https://x1y2z3.c1.par.k8s.ovh.net", sub: "system:serviceaccount:karpenter:karpenter" };
      const payload = Buffer.from(JSON.stringify(issuer)).toString("base64url");
      const isToken = where === "service-account token";
      await writeFile(tokenFile, isToken ? `header.${payload}.signature` : "no token");
      await started({ tokenFile, fake: { clusters } });
      if (!isToken) {
        await bench.kube.create(ConfigMaps, {
          metadata: { name: "cluster-info", namespace: "kube-public" },
          data: { kubeconfig: "clusters: [{cluster: {server: https://x1y2z3.c1.par.k8s.ovh.net}}]" },
        });
      }
      await bench.kube.create(OVHNodeClasses, {
        apiVersion: "karpenter.ovhcloud.sh/v1alpha1",
        kind: "OVHNodeClass",
        metadata: { name: "detect" },
        spec: {
          serviceName: SERVICE,
          endpoint: bench.fake.url,
          credentialsSecretRef: { name: "ovh-credentials", namespace: "karpenter" },
        },
      });
      await bench.pass(3_000);
      expect((await bench.nodeClass("detect")).status).toMatchObject({ kubeId: second });
      await rm(folder, { recursive: true });
    },
  );

  it("S-24: a cluster beyond its quota still works, and says what to do", async () => {
    await started();
    bench.fake.outside.setClusterStatus("USER_QUOTA_ERROR");
    await bench.pass(310_000);
    expect(await bench.condition("ClusterReady")).toMatch(/^True .*USER_QUOTA_ERROR: raise the quota/);
    expect(await bench.condition("Ready")).toBe("True Ready: ");
  });

  it("O-16: flavors can be listed with the right for the region's alone", async () => {
    const rules = MINIMUM.filter(({ path }) => !path.endsWith("/flavors"));
    await started({ fake: { credentials: [keys("least", rules)] } });
    expect((await bench.nodeClass()).status?.discoveredFlavors).toContain("b3-8");
    expect(await bench.condition("Ready")).toBe("True Ready: ");
    await bench.machines(1);
  });

  it("O-72, O-73: another cluster than the one this controller runs in is refused, whatever the class says", async () => {
    const second = KUBE.replace("1", "2");
    await started({ fake: { clusters: [{ kubeId: KUBE }, { kubeId: second }] }, env: { OVH_KUBE_ID: KUBE } });
    await bench.putClass("other", { kubeId: second });
    await bench.pass(3_000);
    expect(await bench.condition("ClusterReady", "other")).toMatch(
      /^False OtherCluster: kubeId 2.* is not the cluster this controller runs in \(1/,
    );
    expect(await bench.condition("Ready")).toBe("True Ready: ");
  });

  it("O-35: prices are those of the account's own subsidiary, or of the one that is said", async () => {
    await started({ env: { OVH_PRICING_INTERVAL: "12h", OVH_ENDPOINT: "https://127.0.0.1:1/1.0" } });
    await bench.pass(120_000);
    const lists = (): readonly string[] =>
      bench.fake.requestLog().flatMap(({ path, query }) => (path.includes("/order/catalog") ? [query] : []));
    expect(new Set(lists())).toEqual(new Set(["ovhSubsidiary=FR"]));
    await bench.putSecretValues({ ...secretOf(bench.fake.credentials), subsidiary: "CA" });
    await bench.pass(400_000);
    await bench.pass(120_000);
    expect(lists().at(-1)).toBe("ovhSubsidiary=CA");
    expect((await bench.nodeClass()).status).toMatchObject({ priceSource: "live" });
  });

  it("T-57, O-66: rights that the key lacks are named before anything is launched, as they are to be granted", async () => {
    const rules = MINIMUM.filter(({ method }) => method !== "POST" && method !== "DELETE");
    await started({ fake: { credentials: [keys("poor", rules)] } });
    expect(await bench.condition("PermissionsReady")).toBe(
      `False CallNotGranted: the consumer key lacks these rights: POST ${CLUSTER}/nodepool, DELETE ${CLUSTER}/nodepool/*; make a consumer key with them at https://api.ovh.com/createToken/ and put it into the credentials Secret`,
    );
    expect(await bench.condition("Ready")).toMatch(/^False/);
    await bench.putSecret({ ...bench.fake.credentials, ...keys("poor") });
  });

  it("O-66: OVH_DELETE_MODE=node needs one right more, and the minimum suffices without it", async () => {
    await started({ env: { OVH_DELETE_MODE: "node" }, fake: { credentials: [keys("least", MINIMUM)] } });
    expect(await bench.condition("PermissionsReady")).toContain(`lacks these rights: DELETE ${CLUSTER}/node/*;`);
    await bench.restart({ env: {} });
    await bench.pass(40_000);
    expect(await bench.condition("PermissionsReady")).toBe(
      "True PermissionsReady: every right that is needed is granted",
    );
  });

  it("T-57: where the key's rules cannot be read a missing right is named when it turns out, and nothing is launched then", async () => {
    const rules = MINIMUM.filter(({ method }) => method !== "POST");
    const unreadable = { match: { path: "*/auth/currentCredential" }, fault: "status", status: 403 } as const;
    await started({ fake: { credentials: [keys("poor", rules)], faults: [unreadable] } });
    expect(await bench.condition("PermissionsReady")).toMatch(/not verified before they are needed$/);
    expect(await bench.condition("Ready")).toBe("True Ready: ");
    await bench.putClaim("one");
    const error = findProviderError(await bench.during(bench.launch("one")).catch((thrown: unknown) => thrown));
    expect(error?.code).toBe("PROVIDER_UNAUTHORIZED");
    expect(await bench.condition("PermissionsReady")).toMatch(
      /^False CallNotGranted: .*POST \/cloud\/project\/\{serviceName\}\/kube\/\{kubeId\}\/nodepool/,
    );
    await bench.pass(10_000);
    expect(await bench.condition("Ready")).toMatch(/^False/);
    const again = findProviderError(await bench.during(bench.launch("one")).catch((thrown: unknown) => thrown));
    expect(again?.code).toBe("PROVIDER_NODE_CLASS_NOT_READY");
  });

  it("T-58: the documented minimum of rights is enough to scale up and down", async () => {
    await started({ fake: { credentials: [keys("least", MINIMUM)] } });
    await bench.machines(2, { zones: ["eu-west-par-b"] });
    await bench.during(bench.remove("claim-1"));
    await bench.pass(120_000);
    expect(bench.fake.state().machines).toHaveLength(1);
  });

  it("T-54: after a rotation the next call uses the new key, and the old one is never seen again", async () => {
    const blind = MINIMUM.filter(({ path }) => !path.includes("nodepool"));
    await started({ fake: { credentials: [keys("old", blind), keys("new")] } });
    await expect(bench.during(bench.provider.list({ signal: bench.signal }))).rejects.toThrow(/NOT_GRANTED_CALL/);
    await bench.putSecret({ ...bench.fake.credentials, ...keys("new") });
    const before = bench.fake.requestLog().length;
    await bench.during(bench.provider.list({ signal: bench.signal }));
    await bench.pass(60_000);
    const later = bench.fake.requestLog().slice(before);
    expect(later.length).toBeGreaterThan(3);
    expect(later.filter(({ status }) => status !== 200)).toEqual([]);
    expect(await bench.condition("Ready")).toBe("True Ready: ");
  });

  it("T-55, T-85: a local clock an hour off is compensated, and the API's time is asked for once", async () => {
    await started({ fake: { switches: { skewSeconds: 3600 } } });
    expect(await bench.condition("Ready")).toBe("True Ready: ");
    await bench.machines(1);
    expect(bench.fake.requestLog().filter(({ path }) => path.endsWith("/auth/time"))).toHaveLength(1);
  });

  it("T-52: a service account scales up and down, and outlives its token", async () => {
    const account = { clientId: "EU.account", clientSecret: "account-secret" };
    await started({ fake: { oauthClients: [account], switches: { oauthTokenSeconds: 600 } } });
    // A token ends by the wall clock, which a busy machine must not decide about.
    vi.useFakeTimers({ toFake: ["Date"] });
    await bench.putSecretValues(account);
    const before = bench.fake.requestLog().length;
    await bench.restart();
    await bench.machines(1);
    vi.setSystemTime(Date.now() + 601_000);
    await bench.during(bench.remove("claim-1"));
    const calls = bench.fake.requestLog().slice(before);
    expect(new Set(calls.map(({ auth }) => auth))).toEqual(new Set(["bearer", "none"]));
    expect(calls.filter(({ path }) => path === "/auth/oauth2/token").length).toBeGreaterThanOrEqual(2);
    expect(calls.filter(({ status }) => status !== 200)).toEqual([]);
    expect(await bench.condition("CredentialsReady")).toMatch(/^True/);
  });

  it("O-60: two kinds of credentials in one Secret are refused, and both are named", async () => {
    await started();
    await bench.putSecretValues({ ...bench.fake.credentials, clientId: "EU.account", clientSecret: "s" });
    await bench.putClass("both");
    await bench.pass(3_000);
    expect(await bench.condition("CredentialsReady", "both")).toMatch(/^False AmbiguousCredentials: .*or clientId/);
  });

  it("§13: calls, clock and pools are measured, without ids in the labels", async () => {
    await started({ fake: { switches: { skewSeconds: 3600 } } });
    await bench.machines(2, { zones: ["eu-west-par-a"] });
    bench.fake.faults([{ match: { operation: "listPools" }, fault: "status", status: 503, times: 1 }]);
    await bench.during(bench.provider.list({ signal: bench.signal }));
    await bench.collect();
    const text = (await bench.measured("karpenter_ovh_")).join("\n");
    const pools = 'method="GET",route="/cloud/project/{serviceName}/kube/{kubeId}/nodepool"';
    expect(text).toContain(`karpenter_ovh_api_requests_total{${pools},code="503"} 1`);
    expect(text).toContain('karpenter_ovh_api_retries_total{reason="transient"} 1');
    expect(text).toMatch(/karpenter_ovh_api_duration_seconds_count\{method="POST",route=".*\/nodepool"\} 1/);
    expect(text).toMatch(/karpenter_ovh_api_time_delta_seconds (3599|3600|3601)/);
    expect(text).toMatch(/karpenter_ovh_pools\{owned="true",status="[A-Z]+"\} 1/);
    expect(text).toContain('karpenter_ovh_pool_machines{state="assigned"} 2');
    expect(text).toContain("karpenter_ovh_unavailable_offerings 0");
    expect(text).toMatch(/karpenter_ovh_pool_lock_wait_seconds_count [1-9]/);
    expect(text).toContain('karpenter_ovh_machine_launch_seconds_count{flavor="b3-8",phase="listed"} 2');
    expect(text).toContain('karpenter_ovh_machine_launch_seconds_count{flavor="b3-8",phase="instance"} 2');
    expect(text).not.toMatch(/^karpenter_ovh_pricing_age/m);
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{32}/);
  });

  it("T-56, O-64: no secret shows up in conditions, events, errors or the log", async () => {
    await started({ fake: { credentials: [keys("canary", MINIMUM.slice(0, 3))] } });
    await bench.putClaim("one");
    const error = await bench.during(bench.launch("one")).catch((thrown: unknown) => thrown);
    const seen = JSON.stringify([
      bench.logger.lines.map(({ message, fields }) => [message, textOf(fields)]),
      bench.events.texts(),
      (await bench.nodeClass()).status,
      textOf({ error }),
    ]);
    expect(seen).not.toMatch(/canary-application-secret|canary-consumer-key/);
  });

  it("the class stays while claims use it, and the last one takes the empty pools with it", async () => {
    await started();
    await bench.machines(1);
    await bench.kube.delete(OVHNodeClasses, { name: "default" });
    await bench.pass(3_000);
    expect(bench.events.withReason("WaitingOnNodeClaimTermination")).toHaveLength(1);
    expect((await bench.nodeClass()).metadata.finalizers).toEqual([OVH_NODE_CLASS_FINALIZER]);
    await bench.during(bench.remove("claim-1"));
    expect(bench.fake.state().pools).toHaveLength(1);
    await bench.pass(120_000);
    expect((await bench.kube.list(OVHNodeClasses)).items).toEqual([]);
    expect((await bench.kube.list(NodeClaims)).items).toEqual([]);
    expect(bench.fake.state().pools).toEqual([]);
  });

  it("the last class goes at once when its keys are refused: nobody can do anything with it", async () => {
    await started();
    await bench.machines(1);
    await bench.during(bench.remove("claim-1"));
    bench.fake.faults([
      { match: { path: "/1.0/cloud/*" }, fault: "status", status: 403, errorCode: "INVALID_CREDENTIAL" },
    ]);
    await bench.kube.delete(OVHNodeClasses, { name: "default" });
    await bench.pass(8_000);
    expect((await bench.kube.list(OVHNodeClasses)).items).toEqual([]);
  });

  it("the last class goes after a quarter of an hour when the API does not answer", async () => {
    await started();
    await bench.machines(1);
    await bench.during(bench.remove("claim-1"));
    bench.fake.faults([{ match: { path: "/1.0/cloud/*" }, fault: "status", status: 503 }]);
    await bench.kube.delete(OVHNodeClasses, { name: "default" });
    await bench.pass(600_000);
    expect((await bench.kube.list(OVHNodeClasses)).items).toHaveLength(1);
    await bench.pass(600_000);
    expect((await bench.kube.list(OVHNodeClasses)).items).toEqual([]);
  });
});

function secretOf({
  applicationKey,
  applicationSecret,
  consumerKey,
}: SeedCredential): Readonly<Record<string, string>> {
  return { applicationKey, applicationSecret, consumerKey };
}

/** With the messages of errors and of their causes. */
function textOf(fields: Readonly<Record<string, unknown>>): string {
  const texts: string[] = [JSON.stringify(fields)];
  for (let error: unknown = fields["error"]; error instanceof Error; error = error.cause) {
    texts.push(error.message, JSON.stringify(error), error.stack ?? "");
  }
  return texts.join("\n");
}
