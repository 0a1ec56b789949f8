// Workloads of a random scenario: templates for pods, and the PodDisruptionBudgets that select them.

import type { Draw } from "../draw.ts";
import { FAMILIES, FAMILY_LABEL, ZONES } from "./random-market.ts";
import { share } from "./themes.ts";
import type { Theme } from "./themes.ts";

export interface Workload {
  readonly app: string;
  readonly milliCpu: number;
  readonly mebibytes: number;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly toleratesDedicated: boolean;
  /** Two of them on one node would break their own rules. */
  readonly oneEach: boolean;
  readonly ownerKind: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly hostPort?: number;
  readonly spec: object;
}

const ZONE = "topology.kubernetes.io/zone";
const HOST = "kubernetes.io/hostname";
const CAPACITY_TYPE = "karpenter.sh/capacity-type";

export function randomWorkloads(draw: Draw, theme: Theme): readonly Workload[] {
  return Array.from({ length: draw.between(1, 6) }, (_, index) => randomWorkload(draw, theme, `app${index}`));
}

function randomWorkload(draw: Draw, theme: Theme, app: string): Workload {
  const company = draw.happens(share(theme, "company", 0.8, 0.1))
    ? randomCompany(draw, app)
    : { oneEach: false, spec: {} };
  const affinity = draw.happens(0.15) ? { nodeAffinity: randomNodeAffinity(draw) } : {};
  const toleratesDedicated = draw.happens(0.4);
  const hostPort = draw.happens(share(theme, "odd pods", 0.25, 0.02)) ? draw.pick([8080, 9090]) : undefined;
  // Who tolerates the taint of a leaving node stays on it: such a pod is not evicted, and blocks nothing (DT-8).
  const staysOn = draw.happens(share(theme, "odd pods", 0.3, 0.01));
  const tolerations = [
    ...(toleratesDedicated ? [{ key: "dedicated", operator: "Exists" }] : []),
    ...(staysOn ? [{ key: "karpenter.sh/disrupted", operator: "Exists" }] : []),
    ...(draw.happens(share(theme, "soft taints", 0.3)) ? [{ key: "avoided", operator: "Equal", value: "x" }] : []),
  ];
  return {
    app,
    milliCpu: draw.pick([100, 250, 500, 900, 1000, 1500, 3000, 6000]),
    mebibytes: draw.pick([64, 256, 512, 1024, 3072, 7168]),
    nodeSelector: draw.happens(0.2) ? randomSelector(draw) : {},
    toleratesDedicated,
    oneEach: company.oneEach,
    ...(hostPort !== undefined && { hostPort }),
    ownerKind: draw.pick(["ReplicaSet", "ReplicaSet", "StatefulSet", "Job", ""]),
    annotations: randomAnnotations(draw, theme),
    spec: {
      ...company.spec,
      affinity: { ...affinity, ...("affinity" in company.spec ? company.spec.affinity : {}) },
      ...(tolerations.length > 0 && { tolerations }),
      ...(draw.happens(share(theme, "costs", 0.4, 0.05)) && { priority: draw.pick([-100000000, -5, 1000, 200000000]) }),
    },
  };
}

interface Company {
  readonly oneEach: boolean;
  readonly spec: { readonly affinity?: object; readonly topologySpreadConstraints?: readonly object[] };
}

function randomCompany(draw: Draw, app: string): Company {
  const labelSelector = { matchLabels: { app } };
  const topologyKey = draw.pick([ZONE, HOST]);
  const term = { labelSelector, topologyKey };
  const wish = { weight: draw.between(1, 100), podAffinityTerm: term };
  switch (draw.between(0, 5)) {
    case 0:
      return { oneEach: topologyKey === HOST, spec: { topologySpreadConstraints: [randomSpread(draw, term)] } };
    case 1:
      return {
        oneEach: true,
        spec: {
          affinity: {
            podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ ...term, topologyKey: HOST }] },
          },
        },
      };
    case 2:
      return {
        oneEach: true,
        spec: { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } },
      };
    case 3:
      return {
        oneEach: false,
        spec: { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } },
      };
    case 4:
      return {
        oneEach: false,
        spec: { affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [wish] } } },
      };
    default:
      return {
        oneEach: false,
        spec: { affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [wish] } } },
      };
  }
}

function randomSpread(draw: Draw, term: { readonly labelSelector: object; readonly topologyKey: string }): object {
  const whenUnsatisfiable = draw.pick(["DoNotSchedule", "DoNotSchedule", "ScheduleAnyway"]);
  return {
    ...term,
    maxSkew: draw.between(1, 2),
    whenUnsatisfiable,
    ...(draw.happens(0.2) && { nodeTaintsPolicy: draw.pick(["Honor", "Ignore"]) }),
    ...(draw.happens(0.2) && { nodeAffinityPolicy: draw.pick(["Honor", "Ignore"]) }),
  };
}

function randomSelector(draw: Draw): Readonly<Record<string, string>> {
  return draw.pick<Readonly<Record<string, string>>>([
    { [ZONE]: draw.pick(ZONES) },
    { [CAPACITY_TYPE]: draw.pick(["spot", "on-demand"]) },
    { [FAMILY_LABEL]: draw.pick(FAMILIES) },
    { "kubernetes.io/arch": "amd64" },
  ]);
}

function randomNodeAffinity(draw: Draw): object {
  const matchExpressions = [
    draw.pick([
      { key: ZONE, operator: "In", values: draw.some(ZONES) },
      { key: ZONE, operator: "NotIn", values: [draw.pick(ZONES)] },
      { key: FAMILY_LABEL, operator: "In", values: draw.some(FAMILIES) },
      { key: CAPACITY_TYPE, operator: "In", values: [draw.pick(["spot", "on-demand"])] },
    ]),
  ];
  return draw.happens(0.5)
    ? { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } }
    : {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: draw.between(1, 100), preference: { matchExpressions } },
        ],
      };
}

function randomAnnotations(draw: Draw, theme: Theme): Readonly<Record<string, string>> {
  const isProtected = draw.happens(share(theme, "protection", 0.35, 0.02));
  const hasCost = draw.happens(share(theme, "costs", 0.6, 0.05));
  return {
    ...(isProtected && {
      "karpenter.sh/do-not-disrupt": draw.pick(["true", "true", "1h", "23h59m", "24h", "100h", "false", "x"]),
    }),
    ...(hasCost && {
      "controller.kubernetes.io/pod-deletion-cost": draw.pick([
        "-2147483647",
        "-200000000",
        "-1000",
        "100",
        "500000000",
        "2147483647",
      ]),
    }),
  };
}

/** As the format fills a status in from the listed pods, nothing needs to be said about who may go. */
export function randomPdbs(draw: Draw, theme: Theme, workloads: readonly Workload[]): readonly object[] {
  const often = share(theme, "pdbs", 0.6, theme === "odd pods" ? 0.4 : 0.05);
  const ofDaemons = draw.happens(share(theme, "pdbs", 0.15)) ? [DAEMON_PDB] : [];
  const ofWorkloads = workloads
    .filter(() => draw.happens(often))
    .flatMap(({ app }) => {
      const pdb = (name: string): object => ({
        metadata: { name, ...(draw.happens(0.1) && { namespace: "elsewhere" }) },
        spec: {
          selector: draw.happens(0.1) ? {} : { matchLabels: { app } },
          [draw.pick(["minAvailable", "maxUnavailable"])]: draw.pick([0, 1, 2, "0%", "50%", "100%"]),
          ...(draw.happens(0.3) && { unhealthyPodEvictionPolicy: draw.pick(["AlwaysAllow", "IfHealthyBudget"]) }),
        },
      });
      return draw.happens(0.1) ? [pdb(app), pdb(`${app}-too`)] : [pdb(app)];
    });
  return [...ofDaemons, ...ofWorkloads];
}

/** DT-8: a pod of a DaemonSet that may not be evicted keeps its node. */
const DAEMON_PDB = {
  metadata: { name: "daemon", namespace: "kube-system" },
  spec: { selector: { matchLabels: { app: "daemon" } }, maxUnavailable: 0 },
};
