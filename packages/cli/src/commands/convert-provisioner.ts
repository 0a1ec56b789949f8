// kmc convert-provisioner: turns Provisioners of karpenter.sh/v1alpha5 into NodePools of today (W-25).

import { parseAllDocuments, stringify } from "yaml";

type Json = Readonly<Record<string, unknown>>;

export interface ConvertOptions {
  readonly group: string;
  readonly kind: string;
}

/** What the older products' node classes are called today. */
const SCALEWAY: ConvertOptions = { group: "karpenter.scaleway.com", kind: "ScalewayNodeClass" };
/** Its own capacity type was a taint of its own too: pods of such a pool tolerate it (S-20). */
const COMPATIBLE = "scaleway-gpu";

/** YAML of every Provisioner in the text. @throws Error naming the document that cannot be converted */
export function convertProvisioners(text: string, options: ConvertOptions = SCALEWAY): string {
  const objects = parseAllDocuments(text).map((document) => document.toJS() as unknown);
  const provisioners = objects.filter((object): object is Json => isJson(object) && object["kind"] === "Provisioner");
  if (provisioners.length === 0) throw new Error("there is no Provisioner of karpenter.sh/v1alpha5 in it");
  return provisioners.map((object) => stringify(convert(object, options))).join("---\n");
}

function convert(provisioner: Json, { group, kind }: ConvertOptions): Json {
  const { name } = record(provisioner["metadata"]);
  const spec = record(provisioner["spec"]);
  if (typeof name !== "string") throw new Error("a Provisioner has no metadata.name");
  const requirements = Array.isArray(spec["requirements"]) ? (spec["requirements"] as readonly unknown[]) : [];
  const reference = record(spec["providerRef"])["name"];
  const labels = spec["labels"];
  const expire = seconds(spec["ttlSecondsUntilExpired"]);
  const taints = [...list(spec["taints"]), ...compatibilityTaint(requirements)];
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: { name },
    spec: {
      template: {
        ...(labels === undefined ? {} : { metadata: { labels } }),
        spec: {
          nodeClassRef: { group, kind, name: typeof reference === "string" ? reference : name },
          requirements,
          ...(taints.length > 0 ? { taints } : {}),
          ...(spec["startupTaints"] === undefined ? {} : { startupTaints: spec["startupTaints"] }),
          ...(expire === undefined ? {} : { expireAfter: expire }),
        },
      },
      disruption: disruptionOf(spec),
      ...limitsOf(spec),
      ...(spec["weight"] === undefined ? {} : { weight: spec["weight"] }),
    },
  };
}

function disruptionOf(spec: Json): Json {
  if (record(spec["consolidation"])["enabled"] === true) {
    return { consolidationPolicy: "WhenEmptyOrUnderutilized", consolidateAfter: "0s" };
  }
  const after = seconds(spec["ttlSecondsAfterEmpty"]);
  // Neither was said: such a Provisioner never removed a node by itself.
  return { consolidationPolicy: "WhenEmpty", consolidateAfter: after ?? "Never" };
}

/** Quantities are texts today. */
function limitsOf(spec: Json): Json {
  const resources = record(record(spec["limits"])["resources"]);
  const entries = Object.entries(resources).map(([name, amount]) => [name, String(amount)] as const);
  return entries.length > 0 ? { limits: Object.fromEntries(entries) } : {};
}

function compatibilityTaint(requirements: readonly unknown[]): readonly Json[] {
  const asks = requirements.some((requirement) => {
    const { key, values } = record(requirement);
    return key === "karpenter.sh/capacity-type" && Array.isArray(values) && values.includes(COMPATIBLE);
  });
  return asks ? [{ key: "karpenter.sh/capacity-type", value: COMPATIBLE, effect: "NoSchedule" }] : [];
}

function seconds(value: unknown): string | undefined {
  return typeof value === "number" ? `${value}s` : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function record(value: unknown): Json {
  return isJson(value) ? value : {};
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
