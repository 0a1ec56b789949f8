import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FEATURE_GATES, FLAGS, parseSettings } from "@karpenter-multicloud/core/options";
import { loadProvider } from "@karpenter-multicloud/controller";
import { ovhSettings } from "@karpenter-multicloud/provider-ovh";
import { parse } from "yaml";
import { cloudStackSettings } from "@karpenter-multicloud/provider-cloudstack";
import { describe, expect, it } from "vitest";
import { CHART, CRD_CHART, lint, prepareHelm, refusal, renderChart, type Installation, type Manifest } from "./helm.ts";
import { INSTALLATIONS } from "./installations.ts";

interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
}

interface PodTemplate {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly serviceAccountName: string;
    readonly terminationGracePeriodSeconds: number;
    readonly affinity: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    readonly containers: readonly (Readonly<Record<string, unknown>> & {
      readonly image: string;
      readonly env: readonly EnvVar[];
    })[];
  };
}

type Deployment = Manifest & { readonly spec: { readonly replicas: number; readonly template: PodTemplate } };

interface Named {
  readonly metadata: { readonly name?: string | undefined };
}

const PROJECT = "0123456789abcdef0123456789abcdef";
const KUBE = "11111111-2222-4333-8444-555555555555";
const OVH = [`ovh.serviceName=${PROJECT}`];
const helmIsThere = await prepareHelm("the chart");

async function deploymentOf(installation: Installation): Promise<Deployment> {
  const found = (await renderChart(installation)).find(({ kind }) => kind === "Deployment");
  if (!found) throw new Error("there is no Deployment");
  return found as Deployment;
}

async function envOf(installation: Installation): Promise<ReadonlyMap<string, EnvVar>> {
  const [container] = (await deploymentOf(installation)).spec.template.spec.containers;
  return new Map((container?.env ?? []).map((variable) => [variable.name, variable]));
}

/** As the process would see it; Secrets hold their own key's name. */
function asEnvironment(env: ReadonlyMap<string, EnvVar>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...env.values()].map(({ name, value, valueFrom }) => [name, value ?? valueFrom?.secretKeyRef?.key ?? "karpenter"]),
  );
}

describe.runIf(helmIsThere)("the chart", () => {
  it.each(Object.entries(INSTALLATIONS))("renders for the command of %s", async (_product, installation) => {
    const { metadata, spec } = await deploymentOf(installation);
    const { release } = installation;
    expect(metadata).toMatchObject({ name: release, namespace: "karpenter" });
    // The label by which that product's users look for logs.
    expect(spec.template.metadata.labels).toMatchObject({ "app.kubernetes.io/name": release });
  });

  it("tells the controller what the command says", async () => {
    const { settings } = parseSettings(
      [],
      asEnvironment(await envOf(INSTALLATIONS["its French documentation and its demonstration"])),
    );
    expect(settings).toMatchObject({ provider: "ovh", clusterName: KUBE, mode: "act" });
    const env = asEnvironment(await envOf(INSTALLATIONS["its French documentation and its demonstration"]));
    expect(ovhSettings(env)).toMatchObject({ serviceName: PROJECT, kubeId: KUBE, region: "GRA7" });
  });

  it("CloudStack's keys reach the process through a Secret only", async () => {
    const installation = INSTALLATIONS["the Go CloudStack provider's README"];
    const rendered = await renderChart(installation);
    const secret = rendered.find(({ kind }) => kind === "Secret");
    expect(secret).toMatchObject({
      metadata: { name: "karpenter-cloudstack-cloudstack" },
      stringData: { apiUrl: "https://your-cloudstack-api.com", apiKey: "YOUR_API_KEY", secretKey: "YOUR_SECRET_KEY" },
    });
    expect(JSON.stringify(rendered.filter((object) => object !== secret))).not.toMatch(/YOUR_API_KEY|YOUR_SECRET_KEY/);
    const env = await envOf(installation);
    expect(env.get("CLOUDSTACK_SECRET_KEY")?.valueFrom?.secretKeyRef).toMatchObject({
      name: "karpenter-cloudstack-cloudstack",
      key: "secretKey",
    });
    expect(env.get("CLOUDSTACK_API_URL")?.value).toBe("https://your-cloudstack-api.com");
    const { settings } = parseSettings([], asEnvironment(env));
    expect(settings).toMatchObject({ provider: "cloudstack", clusterName: "my-cluster" });
    const keys = { CLOUDSTACK_API_KEY: "k", CLOUDSTACK_SECRET_KEY: "s" };
    const { connection } = cloudStackSettings({ ...asEnvironment(env), ...keys }, settings.clusterName);
    // Where the API is below that address shows in its first answer (C-90).
    expect(connection).toMatchObject({ url: "https://your-cloudstack-api.com", isBare: true });
    await expect(loadProvider(settings.provider)).resolves.toBeDefined();
  });

  it("S-34: CloudStack's address comes from the Secret where no value names it", async () => {
    const set = ["cloudstack.existingSecret=mine", "clusterName=c"];
    const env = await envOf({ set });
    expect(env.get("CLOUDSTACK_API_URL")?.valueFrom?.secretKeyRef).toMatchObject({ name: "mine", key: "apiUrl" });
    const said = await envOf({ set: [...set, "cloudstack.apiUrl=https://c"] });
    expect(said.get("CLOUDSTACK_API_URL")).toMatchObject({ value: "https://c" });
  });

  it("CloudStack's offerings, authorities, prices and names reach the process as files and variables that it reads", async () => {
    const set = [
      "cloudstack.apiUrl=https://c",
      "clusterName=c",
      "cloudstack.offerings[0].match.name=medium",
      "cloudstack.offerings[0].price=0.05",
      "cloudstack.caBundle=PEM",
      "cloudstack.pricing.cpuHour=0.1",
      "cloudstack.instanceTypeAliases.Big=huge",
      "cloudstack.offeringLabelKeys[0]=compute-type",
      "cloudstack.settings.deployWait=2m",
      "cloudstack.pricing.source=quota",
      "cloudstack.expungePolicy=Never",
    ];
    const rendered = await renderChart({ set });
    const map = rendered.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "karpenter-cloudstack");
    expect(map).toMatchObject({
      data: { "offerings.json": '[{"match":{"name":"medium"},"price":"0.05"}]', "ca.pem": "PEM" },
    });
    const env = await envOf({ set });
    expect(env.get("CLOUDSTACK_OFFERINGS_FILE")?.value).toBe("/etc/karpenter/cloudstack/offerings.json");
    const { CLOUDSTACK_CA_BUNDLE: _, ...read } = asEnvironment(env);
    expect(read).toMatchObject({ CLOUDSTACK_QUOTA_PRICES: "true", CLOUDSTACK_EXPUNGE_POLICY: "Never" });
    const settings = cloudStackSettings({ ...read, CLOUDSTACK_API_KEY: "k", CLOUDSTACK_SECRET_KEY: "s" }, "c");
    expect(settings).toMatchObject({
      aliases: { Big: "huge" },
      offeringLabelKeys: ["compute-type"],
      deployWait: 120_000,
      formula: { cpuHour: 0.1 },
    });
  });

  it("CH-3, CH-6: every variable it sets for the process is one that the process reads, with the process's default", async () => {
    const env = await envOf({ set: OVH });
    const flags = new Map(FLAGS.map((flag) => [flag.env, flag]));
    const unknown = [...env.keys()].filter(
      (name) => !flags.has(name) && !/^OVH_|^NODE_OPTIONS$|^SYSTEM_NAMESPACE$/.test(name),
    );
    expect(unknown).toEqual([]);
    for (const [name, { value }] of env) {
      const flag = flags.get(name);
      if (flag === undefined || name === "PROVIDER") continue;
      expect([name, flag.parse(value ?? "")]).toEqual([name, flag.parse(flag.default ?? "")]);
    }
    expect(env.get("FEATURE_GATES")?.value?.split(",")).toHaveLength(FEATURE_GATES.length);
    expect(parseSettings([], asEnvironment(env)).warnings).toEqual([]);
  });

  it("CH-3: says where the log goes, and what a replica does beside its work", async () => {
    const set = ["logOutputPaths[0]=stderr", "logOutputPaths[1]=/log/karpenter.log", "settings.enableProfiling=true"];
    const more = ["settings.disableControllerWarmup=false", "settings.lifecycleConcurrency=7", "settings.maxNodes=40"];
    const { settings, withoutEffect } = parseSettings(
      [],
      asEnvironment(await envOf({ set: [...OVH, ...set, ...more] })),
    );
    expect(settings).toMatchObject({
      logOutputPaths: ["stderr", "/log/karpenter.log"],
      logErrorOutputPaths: ["stderr"],
      enableProfiling: true,
      disableControllerWarmup: false,
      lifecycleConcurrency: 7,
      maxNodes: 40,
    });
    expect(withoutEffect).toEqual([]);
  });

  it("CH-6: a false is told like any other value", async () => {
    const env = await envOf({
      set: [...OVH, "settings.featureGates.reservedCapacity=false", "ovh.settings.cancelPending=false"],
    });
    expect(env.get("FEATURE_GATES")?.value).toContain("ReservedCapacity=false");
    expect(ovhSettings(asEnvironment(env)).cancelPending).toBe(false);
  });

  it("ST-1: switches static capacity on", async () => {
    const env = await envOf({ set: [...OVH, "settings.featureGates.staticCapacity=true"] });
    const { settings } = parseSettings([], asEnvironment(env));
    expect(settings.featureGates.StaticCapacity).toBe(true);
  });

  it("names finer settings of OVHcloud by their variables", async () => {
    const env = await envOf({
      set: [
        ...OVH,
        "ovh.settings.maxPools=7",
        "ovh.settings.emptyPoolTtl=1m",
        "ovh.settings.vmMemoryOverheadPercent=0.1",
      ],
    });
    expect(ovhSettings(asEnvironment(env))).toMatchObject({ maxPools: 7, emptyPoolTtl: 60_000, memoryOverhead: 0.1 });
  });

  it("CH-2: the container may do nothing but run", async () => {
    const { spec } = (await deploymentOf({ set: OVH })).spec.template;
    expect(spec.containers[0]?.["securityContext"]).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsGroup: 65532,
      runAsNonRoot: true,
      runAsUser: 65532,
    });
  });

  it("CH-4: is probed where the process answers, and waits longer at a stop than the process takes", async () => {
    const { spec } = (await deploymentOf({ set: OVH })).spec.template;
    expect(spec.containers[0]).toMatchObject({
      livenessProbe: { httpGet: { path: "/healthz", port: "http" }, initialDelaySeconds: 30, timeoutSeconds: 30 },
      readinessProbe: { httpGet: { path: "/readyz", port: "http" }, initialDelaySeconds: 5, timeoutSeconds: 30 },
      ports: [
        { name: "http-metrics", containerPort: 8080 },
        { name: "http", containerPort: 8081 },
      ],
    });
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(40);
  });

  it("CH-1, CH-11: runs on no node it manages, and no two replicas share one", async () => {
    const { spec } = (await deploymentOf({ set: OVH })).spec.template;
    const labelSelector = {
      matchLabels: { "app.kubernetes.io/name": "karpenter", "app.kubernetes.io/instance": "karpenter" },
    };
    expect(spec.affinity).toEqual({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            {
              matchExpressions: [
                { key: "karpenter.sh/nodepool", operator: "DoesNotExist" },
                { key: "karpenter.ovhcloud.sh/managed-by", operator: "DoesNotExist" },
              ],
            },
          ],
        },
      },
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "kubernetes.io/hostname", labelSelector }],
      },
    });
    expect(spec["topologySpreadConstraints"]).toEqual([
      { maxSkew: 1, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "DoNotSchedule", labelSelector },
    ]);
    expect(spec["priorityClassName"]).toBe("system-cluster-critical");
  });

  it("TC-73: by default there are two replicas, one of which may be away, and no ServiceMonitor; devices can be asked for", async () => {
    const rendered = await renderChart({ set: OVH });
    expect((await deploymentOf({ set: OVH })).spec.replicas).toBe(2);
    expect(rendered.find(({ kind }) => kind === "PodDisruptionBudget")).toMatchObject({
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: { "app.kubernetes.io/name": "karpenter", "app.kubernetes.io/instance": "karpenter" } },
      },
    });
    expect(rendered.filter(({ kind }) => kind === "ServiceMonitor")).toEqual([]);
    const env = await envOf({ set: [...OVH, "settings.ignoreDRARequests=false"] });
    expect(env.get("IGNORE_DRA_REQUESTS")?.value).toBe("false");
  });

  it("nameOverride names the label, and with it the objects", async () => {
    const { metadata, spec } = await deploymentOf({ set: [...OVH, "nameOverride=karpenter-ovhcloud"] });
    expect(metadata.name).toBe("karpenter-karpenter-ovhcloud");
    expect(spec.template.metadata.labels["app.kubernetes.io/name"]).toBe("karpenter-ovhcloud");
  });

  it("CH-10: takes the names that values had in the older charts", async () => {
    const { spec } = await deploymentOf({
      set: [
        ...OVH,
        "replicaCount=1",
        "image.repository=mine",
        "image.tag=v9",
        "image.pullPolicy=Always",
        "settings.clusterName=c",
        "resources.limits.cpu=2",
      ],
    });
    expect(spec.replicas).toBe(1);
    expect(spec.template.spec.containers[0]).toMatchObject({
      image: "mine:v9",
      imagePullPolicy: "Always",
      resources: { limits: { cpu: 2 } },
    });
    expect((await envOf({ set: [...OVH, "settings.clusterName=c"] })).get("CLUSTER_NAME")?.value).toBe("c");
    const env = await envOf({ set: ["credentials.secretName=mine", "ovh.serviceName=x"] });
    expect(env.get("OVH_CONSUMER_KEY")?.valueFrom?.secretKeyRef).toMatchObject({ name: "mine", key: "consumerKey" });
  });

  it("O-4: pools of the older product are adopted only when that is said", async () => {
    expect((await envOf({ set: OVH })).has("OVH_ADOPT_LEGACY_POOLS")).toBe(false);
    const env = await envOf({ set: [...OVH, "ovh.adoptLegacyPools=true"] });
    expect(env.get("OVH_ADOPT_LEGACY_POOLS")?.value).toBe("true");
  });

  it("CH-5: an image may be named by digest", async () => {
    const digest = `sha256:${"0".repeat(64)}`;
    const { spec } = await deploymentOf({ set: [...OVH, `controller.image.digest=${digest}`] });
    expect(spec.template.spec.containers[0]?.image).toBe(`karpenter-multicloud/controller:0.1.0@${digest}`);
  });

  it("new credentials start new pods", async () => {
    const checksum = async (key: string): Promise<string | undefined> =>
      (await deploymentOf({ set: [`ovh.credentials.applicationKey=${key}`] })).spec.template.metadata.annotations?.[
        "checksum/credentials"
      ];
    expect(await checksum("one")).toMatch(/^[0-9a-f]{64}$/);
    expect(await checksum("one")).not.toBe(await checksum("two"));
  });

  it.each([
    ["nothing", [], /no provider is chosen: set provider, or give ovh\.serviceName/],
    [
      "values of two clouds",
      ["ovh.serviceName=x", "cloudstack.apiUrl=y"],
      /several providers have values \(ovh, cloudstack\): set provider/,
    ],
    ["two providers", ["providers[0]=ovh", "provider=scaleway"], /one release runs one provider/],
    ["an unknown provider", ["provider=aws"], /\/provider.*must be one of/],
    [
      "SIM-10: the simulated cloud",
      ["provider=simulated"],
      /simulated is no part of the controller's image: choose ovh/,
    ],
    ["SIM-10: its older switch", ["simulated.enabled=true"], /simulated is no part of the controller's image/],
    ["a log that goes nowhere", ["ovh.serviceName=x", "logOutputPaths[0]="], /logOutputPaths/],
    ["a typing mistake", ["ovh.servicName=x"], /\/ovh.*'servicName' not allowed/],
    ["no cluster name where it is needed", ["cloudstack.apiUrl=y"], /clusterName is required/],
    [
      "two names that differ",
      ["ovh.serviceName=x", "clusterName=a", "settings.clusterName=b"],
      /clusterName and settings\.clusterName mean the same and differ/,
    ],
    ["two places for credentials", ["ovh.existingSecret=a", "ovh.credentials.consumerKey=b"], /exclude each other/],
    ["a wider container", ["ovh.serviceName=x", "securityContext.runAsUser=0"], /runAsUser/],
  ])("refuses %s by naming the keys", async (_what, set, message) => {
    expect(await refusal({ set })).toMatch(message);
  });

  it("a provider that is named may have values of another cloud beside it", async () => {
    const env = await envOf({ set: ["provider=ovh", "cloudstack.verifySSL=false"] });
    expect(env.get("PROVIDER")?.value).toBe("ovh");
  });

  it("a false alone chooses its cloud", async () => {
    const env = await envOf({ set: ["cloudstack.verifySSL=false", "clusterName=c"] });
    expect([env.get("PROVIDER")?.value, env.get("CLOUDSTACK_VERIFY_SSL")?.value]).toEqual(["cloudstack", "false"]);
  });

  it("a ServiceMonitor and a Service lead to the metrics", async () => {
    const rendered = await renderChart({
      set: [...OVH, "serviceMonitor.enabled=true", "serviceMonitor.additionalLabels.release=prometheus"],
    });
    expect(rendered.find(({ kind }) => kind === "ServiceMonitor")).toMatchObject({
      metadata: { labels: { release: "prometheus" } },
      spec: { endpoints: [{ port: "http-metrics", path: "/metrics" }] },
    });
    expect(rendered.find(({ kind }) => kind === "Service")).toMatchObject({
      spec: { type: "ClusterIP", ports: [{ name: "http-metrics", port: 8080, targetPort: "http-metrics" }] },
    });
  });

  it("CH-7: brings the definitions, and leaves the chart that upgrades them out of its package", async () => {
    const kinds = async (flags: readonly string[]): Promise<number> =>
      (await renderChart({ set: OVH, flags })).filter(({ kind }) => kind === "CustomResourceDefinition").length;
    expect(await kinds(["--include-crds"])).toBe(7);
    expect(await kinds([])).toBe(0);
  });

  it("CH-7: the chart of the definitions holds the same ones, kept at its removal", async () => {
    const upgraded = await renderChart({ chart: CRD_CHART, release: "crds", set: ["additionalAnnotations.team=x"] });
    const created = (await renderChart({ set: OVH, flags: ["--include-crds"] })).filter(
      ({ kind }) => kind === "CustomResourceDefinition",
    );
    expect(upgraded.map(({ metadata }) => metadata.annotations)).toEqual(
      Array.from({ length: 7 }, () => ({ "helm.sh/resource-policy": "keep", team: "x" })),
    );
    const plain = upgraded.map(({ metadata, ...rest }) => ({ ...rest, metadata: { name: metadata.name } }));
    const byName = (a: Named, b: Named): number => ((a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1);
    expect(plain.toSorted(byName)).toEqual(created.toSorted(byName));
  });

  it("both charts pass helm's own checks, and carry the version of the product", async () => {
    expect(await lint(CHART, OVH)).toContain("0 chart(s) failed");
    expect(await lint(CRD_CHART, [])).toContain("0 chart(s) failed");
    const { version } = JSON.parse(await readFile(join(CHART, "../packages/controller/package.json"), "utf8")) as {
      version: string;
    };
    for (const folder of [CHART, CRD_CHART]) {
      expect(parse(await readFile(join(folder, "Chart.yaml"), "utf8"))).toMatchObject({ version, appVersion: version });
    }
  });
});
