import { beforeAll, describe, expect, it } from "vitest";
import { rightsNeeded, type Right } from "./calls-in-code.ts";
import { prepareHelm, renderChart, type Manifest } from "./helm.ts";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

type Role = Manifest & { readonly rules: readonly Rule[] };

const CORE = ["packages/core/src", "packages/controller/src"];
const OVH = ["packages/provider-ovh/src"];
const SCALEWAY = ["packages/provider-scaleway/src"];
/** Only for clouds that give bare machines. */
const BOOTSTRAP = ["packages/core/src/bootstrap"];
/** Only where certificates are to be approved. */
const SERVING = ["packages/core/src/bootstrap/serving"];

/** Kept inside one namespace and, where the verb allows it, to names. */
const NAMESPACED: readonly Right[] = [
  "/configmaps create",
  "/configmaps get",
  "/configmaps update",
  "/secrets get",
  "coordination.k8s.io/leases create",
  "coordination.k8s.io/leases get",
  "coordination.k8s.io/leases update",
];
/** Asked for by an admission plugin and not by a request of ours (RB-1). */
const BY_ADMISSION: readonly Right[] = [
  "karpenter.sh/nodeclaims/finalizers update",
  "karpenter.sh/nodepools/finalizers update",
];

const helmIsThere = await prepareHelm("the rights of the chart");

describe.runIf(helmIsThere)("the rights of the controller", () => {
  let roles: readonly Role[];
  beforeAll(async () => {
    const rendered = await renderChart({
      set: [
        "ovh.serviceName=x",
        "ovh.nodeClassSecrets[0].name=other",
        "ovh.nodeClassSecrets[0].namespace=elsewhere",
        "settings.schedulerConfig=podTopologySpread: {}",
        "settings.featureGates.nodeOverlay=true",
        "settings.featureGates.capacityBuffer=true",
      ],
    });
    roles = rendered.filter(({ kind }) => kind === "ClusterRole" || kind === "Role") as unknown as readonly Role[];
  });

  const rulesOf = (kind: string, names: readonly string[]): readonly Rule[] =>
    roles
      .filter((role) => role.kind === kind && names.includes(role.metadata.name ?? ""))
      .flatMap(({ rules }) => rules);
  const clusterWide = (...names: string[]): readonly Right[] => rightsOf(rulesOf("ClusterRole", names));

  it("RB-5: are exactly what the sources of core ask for", () => {
    const needed = rightsNeeded(CORE, BOOTSTRAP).filter((right) => !NAMESPACED.includes(right));
    expect(clusterWide("karpenter-core")).toEqual([...needed, ...BY_ADMISSION].sort());
  });

  it("are exactly what the sources of the OVHcloud provider ask for beyond core", () => {
    const core = clusterWide("karpenter-core");
    const needed = rightsNeeded(OVH).filter((right) => !core.includes(right) && !NAMESPACED.includes(right));
    // The readiness of NodePools watches the classes of whichever provider there is.
    expect(clusterWide("karpenter-ovh")).toEqual(needed);
  });

  it("are exactly what the sources of the CloudStack provider ask for beyond core and joining", async () => {
    const rendered = await renderChart({ set: ["provider=cloudstack", "clusterName=test"] });
    const own = rendered.filter(
      ({ kind, metadata }) => kind === "ClusterRole" && metadata.name === "karpenter-cloudstack",
    ) as unknown as readonly Role[];
    const known = [...clusterWide("karpenter-core"), ...rightsNeeded(BOOTSTRAP)];
    const needed = rightsNeeded(["packages/provider-cloudstack/src"]).filter((right) => !known.includes(right));
    expect(rightsOf(own.flatMap(({ rules }) => rules))).toEqual(needed.filter((right) => right !== "/secrets get"));
  });

  it("reach certificates where they are to be approved only: exactly what that part of the sources asks for", async () => {
    const certificates = async (...set: readonly string[]): Promise<readonly Right[]> => {
      const rendered = await renderChart({ set: ["provider=scaleway", "clusterName=test", ...set] });
      const own = rendered.filter(({ kind }) => kind === "ClusterRole") as unknown as readonly Role[];
      return rightsOf(own.flatMap(({ rules }) => rules)).filter((right) => right.startsWith("certificates.k8s.io/"));
    };
    expect(await certificates()).toEqual([]);
    const needed = rightsNeeded(SERVING).filter((right) => right.startsWith("certi"));
    const approving = "certificates.k8s.io/signers approve";
    expect(await certificates("scaleway.approveServingCertificates=true")).toEqual([...needed, approving].sort());
  });

  it("reach the Secrets that a CloudStackNodeClass may name by name only", async () => {
    const secrets = ["name=a", "name=b", "namespace=elsewhere"].map((part, index) => {
      return `cloudstack.nodeClassSecrets[${Math.min(index, 1)}].${part}`;
    });
    const rendered = await renderChart({ set: ["provider=cloudstack", "clusterName=test", ...secrets] });
    const named = (rendered as unknown as readonly Role[])
      .filter(({ kind, metadata }) => kind === "Role" && (metadata.name ?? "").endsWith("-cloudstack-secrets"))
      .map(({ metadata, rules }) => [metadata.namespace, rightsOf(rules), rules[0]?.resourceNames]);
    expect(named).toEqual([
      ["elsewhere", ["/secrets get"], ["b"]],
      ["karpenter", ["/secrets get"], ["a"]],
    ]);
  });

  it("reach one namespace only for leases, Secrets, what is learned and the cluster's description, and names of them", () => {
    const rules = roles.filter(({ kind }) => kind === "Role");
    const shown = rules.flatMap(({ metadata, rules: own }) =>
      own.map(
        ({ resources, resourceNames = ["*"], verbs }) =>
          `${metadata.namespace ?? ""}: ${verbs.join()} ${resources.join()} ${resourceNames.join()}`,
      ),
    );
    expect(shown.sort()).toEqual([
      "elsewhere: get secrets other",
      "karpenter: create configmaps *",
      "karpenter: create leases *",
      "karpenter: get secrets ovh-credentials",
      "karpenter: get,update configmaps karpenter-learned-ovh",
      "karpenter: get,update leases karpenter-leader-election",
      "kube-public: get configmaps cluster-info",
    ]);
    expect(rightsOf(rules.flatMap(({ rules: own }) => own))).toEqual(NAMESPACED);
  });

  it.each(["scaleway", "cloudstack"])(
    "let %s's machines in by tokens, in two namespaces and by name where a verb allows it",
    async (provider) => {
      const rendered = await renderChart({ set: [`provider=${provider}`, "clusterName=test"] });
      const isOfJoining = ({ kind, metadata }: Manifest): boolean =>
        kind.endsWith("Role") && (metadata.name ?? "").endsWith("-bootstrap");
      const own = rendered.filter(isOfJoining) as unknown as readonly Role[];
      const shown = own.flatMap(({ metadata, rules }) =>
        rules.map(
          ({ resources, resourceNames = ["*"], verbs }) =>
            `${metadata.namespace ?? "everywhere"}: ${verbs.join()} ${resources.join()} ${resourceNames.join()}`,
        ),
      );
      expect(shown.sort()).toEqual([
        "everywhere: get clusterrolebindings kubeadm:kubelet-bootstrap,kubeadm:node-autoapprove-bootstrap,kubeadm:node-autoapprove-certificate-rotation",
        "kube-public: get configmaps cluster-info,kube-root-ca.crt",
        "kube-system: create,get,list,delete secrets *",
        "kube-system: get configmaps kubeadm-config",
        "kube-system: get services kube-dns",
      ]);
      const core = clusterWide("karpenter-core");
      const needed = rightsNeeded(BOOTSTRAP, SERVING).filter((right) => !core.includes(right));
      expect(rightsOf(own.flatMap(({ rules }) => rules))).toEqual(needed);
    },
  );

  it("are exactly what the sources of the Scaleway provider ask for beyond core, its tokenSecretRefs by name", async () => {
    const secrets = ["name=a", "name=b", "namespace=elsewhere"].map((part, index) => {
      return `scaleway.nodeClassSecrets[${Math.min(index, 1)}].${part}`;
    });
    const rendered = await renderChart({ set: ["provider=scaleway", "clusterName=test", ...secrets] });
    const own = rendered.filter(
      ({ kind, metadata }) => kind.endsWith("Role") && (metadata.name ?? "").includes("-scaleway"),
    ) as unknown as readonly Role[];
    const core = clusterWide("karpenter-core");
    const needed = rightsNeeded(SCALEWAY).filter((right) => !core.includes(right));
    // Where the Secret for the join is read is core's; that a class names one is the provider's.
    expect(rightsOf(own.flatMap(({ rules }) => rules))).toEqual(["/secrets get", ...needed]);
    const named = own
      .filter(({ kind }) => kind === "Role")
      .map(({ metadata, rules }) => [metadata.namespace, rules[0]?.resourceNames]);
    expect(named).toEqual([
      ["elsewhere", ["b"]],
      ["karpenter", ["a"]],
    ]);
  });

  it("RB-5: hold no wildcard", () => {
    const parts = roles.flatMap(({ rules }) =>
      rules.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs]),
    );
    expect(parts.filter((part) => part.includes("*"))).toEqual([]);
  });

  it("S-427: reach Services and the controllers of pods only where there are default spread constraints", async () => {
    const gates = ["nodeOverlay=true", "capacityBuffer=true"].map((gate) => `settings.featureGates.${gate}`);
    const rendered = await renderChart({ set: ["ovh.serviceName=x", ...gates] });
    const core = rendered.find(({ kind, metadata }) => kind === "ClusterRole" && metadata.name === "karpenter-core");
    const without = rightsOf((core as unknown as Role).rules);
    const kinds = ["/replicationcontrollers", "/services", "apps/replicasets", "apps/statefulsets"];
    const watched = kinds.flatMap((kind) => ["list", "watch"].map((verb) => `${kind} ${verb}`));
    expect(clusterWide("karpenter-core").filter((right) => !without.includes(right))).toEqual(watched);
  });

  it("OV-1: reach NodeOverlays only with their feature gate", async () => {
    const gate = "settings.featureGates.capacityBuffer=true";
    const set = ["ovh.serviceName=x", "settings.schedulerConfig=podTopologySpread: {}", gate];
    const rendered = await renderChart({ set });
    const core = rendered.find(({ kind, metadata }) => kind === "ClusterRole" && metadata.name === "karpenter-core");
    const without = rightsOf((core as unknown as Role).rules);
    expect(clusterWide("karpenter-core").filter((right) => !without.includes(right))).toEqual([
      "karpenter.sh/nodeoverlays list",
      "karpenter.sh/nodeoverlays watch",
      "karpenter.sh/nodeoverlays/status patch",
    ]);
  });

  it("ST-1: static capacity needs no further rights, and who administers NodePools may scale them", async () => {
    const [without, withGate] = await Promise.all(
      ["false", "true"].map(async (gate) => {
        const set = ["ovh.serviceName=x", `settings.featureGates.staticCapacity=${gate}`];
        const rendered = await renderChart({ set });
        const core = rendered.find(
          ({ kind, metadata }) => kind === "ClusterRole" && metadata.name === "karpenter-core",
        );
        return rightsOf((core as unknown as Role).rules);
      }),
    );
    expect(withGate).toEqual(without);
    expect(clusterWide("karpenter-admin")).toEqual(
      expect.arrayContaining(["get", "patch", "update"].map((verb) => `karpenter.sh/nodepools/scale ${verb}`)),
    );
  });

  it("CB-1: reach CapacityBuffers, and what they name, only with their feature gate", async () => {
    const gate = "settings.featureGates.nodeOverlay=true";
    const set = ["ovh.serviceName=x", "settings.schedulerConfig=podTopologySpread: {}", gate];
    const rendered = await renderChart({ set });
    const core = rendered.find(({ kind, metadata }) => kind === "ClusterRole" && metadata.name === "karpenter-core");
    const without = rightsOf((core as unknown as Role).rules);
    expect(clusterWide("karpenter-core").filter((right) => !without.includes(right))).toEqual([
      "/podtemplates list",
      "/podtemplates watch",
      "apps/deployments get",
      "apps/replicasets get",
      "apps/statefulsets get",
      "autoscaling.x-k8s.io/capacitybuffers list",
      "autoscaling.x-k8s.io/capacitybuffers watch",
      "autoscaling.x-k8s.io/capacitybuffers/status patch",
    ]);
  });

  it("RB-2: a release without election asks for no lease", async () => {
    const rendered = await renderChart({ set: ["ovh.serviceName=x", "settings.disableLeaderElection=true"] });
    expect(rendered.map(({ metadata }) => metadata.name)).not.toContain("karpenter-lease");
  });

  it("RB-3: people with the cluster's roles admin and view may manage and see the objects", () => {
    expect(clusterWide("karpenter-view")).toEqual(
      [
        "autoscaling.x-k8s.io/capacitybuffers",
        "autoscaling.x-k8s.io/capacitybuffers/status",
        "karpenter.ovhcloud.sh/ovhnodeclasses",
        "karpenter.sh/nodeclaims",
        "karpenter.sh/nodeclaims/status",
        "karpenter.sh/nodeoverlays",
        "karpenter.sh/nodeoverlays/status",
        "karpenter.sh/nodepools",
        "karpenter.sh/nodepools/scale",
        "karpenter.sh/nodepools/status",
      ].flatMap((resource) => ["get", "list", "watch"].map((verb) => `${resource} ${verb}`)),
    );
    const labels = roles.find(({ metadata }) => metadata.name === "karpenter-admin")?.metadata.labels;
    expect(labels).toMatchObject({ "rbac.authorization.k8s.io/aggregate-to-admin": "true" });
  });
});

function rightsOf(rules: readonly Rule[]): readonly Right[] {
  const rights = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${group}/${resource} ${verb}`))),
  );
  return [...new Set(rights)].sort();
}
