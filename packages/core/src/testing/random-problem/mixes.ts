// Which features a random problem combines. Every seed belongs to one mix, so that each is met as often as the others.

export type Feature =
  // Pods
  | "selectors"
  | "terms"
  | "alternatives"
  | "preferences"
  | "ports"
  | "sidecars"
  | "devices"
  | "invalid"
  | "ages"
  // Pods and their company
  | "zone-spread"
  | "host-spread"
  | "capacity-spread"
  | "label-spread"
  | "soft-spread"
  | "min-domains"
  | "spread-policies"
  | "revisions"
  | "near"
  | "apart"
  | "wished-company"
  | "namespaces"
  // Pools
  | "pools"
  | "taints"
  | "soft-taints"
  | "labels"
  | "limits"
  | "node-limits"
  | "min-values"
  | "best-effort"
  | "short-lists"
  | "idle-pools"
  // Instance types
  | "prices"
  | "stock"
  | "overrides"
  | "reservations"
  // Capacity that exists
  | "nodes"
  | "strange-nodes"
  | "daemons"
  // Storage
  | "volumes"
  // How to solve
  | "default-spread"
  | "ignore";

export interface Mix {
  readonly name: string;
  readonly features: ReadonlySet<Feature>;
  /**
   * Set where the rules allow more than kube-scheduler would do with the pods in any order: pods that want company, but may not go where it
   * is, start a company of their own (S-420).
   */
  readonly isLenient: boolean;
}

const SHAPE = ["selectors", "terms", "prices"] as const;
const SPREAD = ["zone-spread", "host-spread", "capacity-spread", "label-spread", "labels"] as const;
const COMPANY = ["near", "apart"] as const;
const GROWTH = ["pools", "taints", "labels", "prices"] as const;

export const MIXES: readonly Mix[] = [
  mix("plain"),
  mix("selectors", ...SHAPE),
  mix("alternatives", ...SHAPE, "alternatives", "nodes"),
  mix("wishes", ...SHAPE, "preferences", "nodes"),
  mix("wishes ignored", ...SHAPE, "preferences", "soft-spread", "wished-company", "ignore", "nodes"),
  mix("ports", "ports", "daemons", "nodes", "prices"),
  mix("sidecars and devices", "sidecars", "devices", "selectors", "pools"),
  mix("invalid pods", "invalid", "selectors", "ages", "nodes"),
  mix("pools", ...GROWTH, "selectors", "terms"),
  mix("soft taints", ...GROWTH, "soft-taints", "nodes", "strange-nodes"),
  mix("limits", ...GROWTH, "limits", "nodes"),
  mix("node limits", ...GROWTH, "node-limits", "nodes", "selectors"),
  mix("idle pools", ...GROWTH, "idle-pools", "labels", "terms"),
  mix("minValues", ...GROWTH, "min-values", "selectors", "terms"),
  mix("minValues as far as possible", ...GROWTH, "min-values", "best-effort", "selectors", "stock"),
  mix("short lists", ...SHAPE, "short-lists", "pools", "min-values"),
  mix("stock", ...SHAPE, "stock", "pools"),
  mix("nodes", ...SHAPE, "nodes", "strange-nodes", "taints"),
  mix("daemons", ...SHAPE, "daemons", "nodes", "taints", "pools"),
  mix("zone spread", ...SHAPE, "zone-spread", "stock"),
  mix("zone spread with nodes", "zone-spread", "nodes", "strange-nodes", "min-domains"),
  mix("host spread", "host-spread", "nodes", "prices", "daemons"),
  mix("capacity spread", "capacity-spread", "prices", "stock", "pools"),
  mix("label spread", "label-spread", ...GROWTH, "nodes"),
  mix("every spread", ...SPREAD, "prices", "nodes", "min-domains"),
  mix("soft spread", ...SPREAD, "soft-spread", "prices", "nodes"),
  mix("spread policies", "zone-spread", "host-spread", "spread-policies", "taints", "pools", "nodes"),
  mix("revisions", "zone-spread", "host-spread", "revisions", "nodes"),
  mix("near", "near", "prices", "nodes"),
  mix("apart", "apart", "prices", "nodes", "selectors"),
  mix("company", ...COMPANY, "nodes", "strange-nodes", "prices"),
  mix("company across namespaces", ...COMPANY, "namespaces", "nodes"),
  mix("wished company", ...COMPANY, "wished-company", "nodes"),
  mix("company and spread", ...COMPANY, "zone-spread", "host-spread", "nodes", "ages"),
  mix("company within limits", ...COMPANY, ...GROWTH, "limits", "node-limits", "daemons"),
  mix("company and minValues", ...COMPANY, ...GROWTH, "min-values", "zone-spread"),
  mix(
    "everything at once",
    ...SHAPE,
    ...GROWTH,
    ...SPREAD,
    ...COMPANY,
    "preferences",
    "ports",
    "nodes",
    "daemons",
    "stock",
  ),
  mix("overrides", ...SHAPE, "overrides", "stock", "nodes"),
  mix("reservations", ...SHAPE, "reservations", "pools"),
  mix("reservations and company", "prices", "reservations", "apart", "zone-spread", "nodes"),
  mix("reservations within limits", ...GROWTH, "reservations", "limits", "min-values"),
  mix("volumes", ...SHAPE, "volumes", "nodes"),
  mix("volumes and company", "prices", "volumes", ...COMPANY, "zone-spread", "nodes"),
  mix("volumes and growth", ...GROWTH, "volumes", "daemons", "min-values"),
  mix("default spread", "prices", "default-spread", "zone-spread", "nodes", "selectors"),
  mix("spread with alternatives", ...SHAPE, ...SPREAD, "alternatives", "nodes"),
  lenient("near with alternatives", ...SHAPE, "near", "alternatives", "nodes"),
  mix("company on short lists", ...COMPANY, "zone-spread", "short-lists", "min-values", "pools"),
];

export function mixOf(seed: number): Mix {
  const found = MIXES[Math.abs(Math.trunc(seed)) % MIXES.length];
  if (found === undefined) throw new RangeError(`no mix for seed ${seed}`);
  return found;
}

function mix(name: string, ...features: readonly Feature[]): Mix {
  return { name, features: new Set(features), isLenient: false };
}

function lenient(name: string, ...features: readonly Feature[]): Mix {
  return { ...mix(name, ...features), isLenient: true };
}
