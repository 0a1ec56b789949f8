// Workloads of random pods; those of one workload are alike.

import { Label } from "../../api/index.ts";
import type { NodeAffinity, Pod, PodSpec, Toleration } from "../../api/index.ts";
import { aPod, VENDOR_A } from "../builders/index.ts";
import type { PodOptions } from "../builders/index.ts";
import { APPS, DEDICATED, FAST, has, REVISION, SOFT, TEAM, TEAMS, uses, ZONES } from "./draw.ts";
import type { Draw } from "./draw.ts";
import { randomCompany } from "./random-company.ts";
import { randomVolumes } from "./random-storage.ts";

type Expression = readonly [key: string, operator: string, ...values: string[]];

const BIRTHDAYS = ["2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "2026-01-02T00:00:00Z"];

export function randomPods(draw: Draw): readonly Pod[] {
  return draw.chance.list(2, 7, (index) => workload(draw, index)).flat();
}

function workload(draw: Draw, index: number): readonly Pod[] {
  const { chance } = draw;
  const app = chance.pick(APPS);
  const options: PodOptions = {
    namespace: uses(draw, "namespaces", 0.5) ? "other" : "default",
    requests: randomRequests(draw),
    ...(uses(draw, "ports", 0.5) && { ports: [randomPort(draw)] }),
    tolerations: randomTolerations(draw),
  };
  const company = randomCompany(draw, app);
  const isBound = company.affinity.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution !== undefined;
  const isFree = draw.mix.isLenient || !isBound;
  const nodeAffinity = randomNodeAffinity(draw, isFree);
  const spec: Partial<PodSpec> = {
    nodeSelector: isFree ? randomSelector(draw) : {},
    affinity: { ...company.affinity, ...(nodeAffinity && { nodeAffinity }) },
    ...(company.spread.length > 0 && { topologySpreadConstraints: company.spread }),
    ...(uses(draw, "sidecars", 0.5) && { initContainers: randomInits(draw) }),
    ...randomVolumes(draw),
  };
  return chance.list(1, 6, (copy) =>
    aPod({
      ...options,
      name: `w${index}-${copy}`,
      labels: { app, ...(has(draw, "revisions") && { [REVISION]: chance.pick(["1", "2"]) }) },
      ...(has(draw, "ages") && { creationTimestamp: chance.pick(BIRTHDAYS) }),
      spec: { ...spec, ...(copy === 0 && uses(draw, "invalid", 0.3) && invalidity(draw)) },
    }),
  );
}

function randomRequests(draw: Draw): Readonly<Record<string, string>> {
  const { chance } = draw;
  return {
    cpu: chance.pick(["0", "50m", "250m", "500m", "1", "1900m", "3", "7"]),
    memory: chance.pick(["64Mi", "500Mi", "700M", "2Gi", "6Gi"]),
    ...(uses(draw, "overrides", 0.4) && { [FAST]: "1" }),
    ...(uses(draw, "devices", 0.4) && { [VENDOR_A]: chance.pick(["0", "1", "2"]) }),
  };
}

function randomPort({ chance }: Draw): NonNullable<NonNullable<PodOptions["ports"]>[number]> {
  const hostPort = chance.pick([80, 443]);
  const hostIP = chance.pick(["", "0.0.0.0", "10.0.0.1", "10.0.0.2", "::"]);
  return { containerPort: 80, hostPort, hostIP, protocol: chance.pick(["TCP", "TCP", "UDP"]) };
}

function randomTolerations(draw: Draw): readonly Toleration[] {
  const { chance } = draw;
  const dedicated: Toleration = { key: DEDICATED.key, operator: "Exists" };
  const soft: Toleration = { key: SOFT.key, operator: "Exists" };
  return [...(chance.happens(0.4) ? [dedicated] : []), ...(uses(draw, "soft-taints", 0.2) ? [soft] : [])];
}

function randomSelector(draw: Draw): Readonly<Record<string, string>> {
  const { chance } = draw;
  const team = (): Readonly<Record<string, string>> => ({ [TEAM]: chance.pick(TEAMS) });
  if (uses(draw, "labels", 0.3)) return team();
  if (!uses(draw, "selectors", 0.5)) return {};
  return chance.pick<Readonly<Record<string, string>>>([
    { [Label.Zone]: chance.pick(ZONES) },
    { "failure-domain.beta.kubernetes.io/zone": chance.pick(ZONES) },
    { [Label.CapacityType]: "spot" },
    { [Label.Arch]: "arm64" },
    { [Label.Arch]: "amd64", [Label.Zone]: chance.pick(ZONES) },
    { size: "large" },
    { nowhere: "x" },
    team(),
  ]);
}

function randomExpression({ chance }: Draw): Expression {
  return chance.pick<Expression>([
    [Label.Zone, "In", ...chance.some(ZONES, 0.6)],
    [Label.Zone, "NotIn", chance.pick(ZONES)],
    [Label.Arch, "NotIn", "arm64"],
    [Label.CapacityType, "In", "on-demand", "spot"],
    ["integer", "Gt", "3"],
    ["integer", "Lt", "5"],
    ["special", "DoesNotExist"],
    ["special", "Exists"],
    [TEAM, "NotIn", chance.pick(TEAMS)],
    [TEAM, "In", ...chance.some(TEAMS, 0.5)],
    [Label.Zone, "In", "moon"],
  ]);
}

function randomNodeAffinity(draw: Draw, isFree: boolean): NodeAffinity | undefined {
  const { chance } = draw;
  const term = () => ({ matchExpressions: chance.list(1, 2, () => asExpression(randomExpression(draw))) });
  const required = [
    ...(isFree && uses(draw, "terms", 0.4) ? [term()] : []),
    ...(isFree && uses(draw, "alternatives", 0.5) ? [term(), term()] : []),
  ];
  const preferred = uses(draw, "preferences", 0.6)
    ? chance.list(1, 3, () => ({ weight: chance.pick([1, 10, 10, 100]), preference: term() }))
    : [];
  if (required.length + preferred.length === 0) return undefined;
  return {
    ...(required.length > 0 && { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: required } }),
    ...(preferred.length > 0 && { preferredDuringSchedulingIgnoredDuringExecution: preferred }),
  };
}

function asExpression([key, operator, ...values]: Expression) {
  return { key, operator, ...(values.length > 0 && { values }) };
}

function randomInits({ chance }: Draw): NonNullable<PodSpec["initContainers"]> {
  return chance.list(1, 3, (index) => ({
    name: `init-${index}`,
    resources: { requests: { cpu: chance.pick(["100m", "1", "4"]), memory: "300Mi" } },
    ...(chance.happens(0.5) && { restartPolicy: "Always" }),
  }));
}

function invalidity({ chance }: Draw): Partial<PodSpec> {
  return chance.pick<Partial<PodSpec>>([
    { nodeSelector: { "karpenter.sh/foo": "x" } },
    { nodeSelector: { [Label.Hostname]: "n0" } },
    { containers: [{ name: "main", resources: { requests: { cpu: "many" } } }] },
    { nodeSelector: { [Label.Zone]: "" } },
  ]);
}
