// Which of a claim's labels and taints a machine's kubelet may carry into the cluster itself, and how it is told.

import { formatTaint, hasTaint, Label, UNREGISTERED_TAINT, type Taint } from "../api/index.ts";
import { sortedKeys } from "../units/index.ts";
import { BootstrapError } from "./bootstrap-error.ts";

/** What the kubelet and the NodeRestriction plug-in let a node say of itself in Kubernetes' own domains (W-46, C-71). */
const ALLOWED = new Set([
  Label.Hostname,
  Label.Arch,
  Label.Os,
  Label.Zone,
  Label.Region,
  Label.InstanceType,
  "beta.kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/instance-type",
  "failure-domain.beta.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
]);
const ALLOWED_DOMAINS = ["kubelet.kubernetes.io", "node.kubernetes.io"];
const KUBERNETES = ["kubernetes.io", "k8s.io"];
/** What only the registration may say, and tags that a cloud controller manager owns (W-34). */
const NOT_OURS = new Set<string>([Label.Registered, Label.Initialized, Label.Hostname]);
const NOT_OURS_DOMAINS = ["k8s.scaleway.com"];

const NAME = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const DOMAIN = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Sorted by key. The rest is added when the node registers. @throws BootstrapError for what is no label */
export function kubeletLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const kept = sortedKeys(labels).filter(maySayItself);
  return Object.fromEntries(kept.map((key) => [key, checkedValue(key, labels[key] ?? "")]));
}

/** The claim's and the unregistered one, each once, sorted. @throws BootstrapError for what is no taint */
export function joinTaints(taints: readonly Taint[]): readonly Taint[] {
  const all = hasTaint(taints, UNREGISTERED_TAINT) ? taints : [...taints, UNREGISTERED_TAINT];
  const byText = new Map(all.map((taint) => [`${taint.key}:${taint.effect}`, checkedTaint(taint)]));
  return [...byText.keys()].toSorted().map((text) => byText.get(text) ?? UNREGISTERED_TAINT);
}

/** `a=b,c=d` */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  return sortedKeys(labels)
    .map((key) => `${key}=${labels[key] ?? ""}`)
    .join(",");
}

/** `key=value:effect,…` */
export function taintsText(taints: readonly Taint[]): string {
  return taints.map(formatTaint).join(",");
}

export function isForbiddenToKubelets(key: string): boolean {
  const domain = domainOf(key);
  if (!isIn(domain, KUBERNETES)) return false;
  return !ALLOWED.has(key) && !isIn(domain, ALLOWED_DOMAINS);
}

function maySayItself(key: string): boolean {
  checkKey("label", key);
  return !NOT_OURS.has(key) && !isIn(domainOf(key), NOT_OURS_DOMAINS) && !isForbiddenToKubelets(key);
}

function domainOf(key: string): string {
  const slash = key.indexOf("/");
  return slash === -1 ? "" : key.slice(0, slash);
}

function isIn(domain: string, parents: readonly string[]): boolean {
  return parents.some((parent) => domain === parent || domain.endsWith(`.${parent}`));
}

function checkedTaint(taint: Taint): Taint {
  checkKey("taint", taint.key);
  const value = checkedValue(taint.key, taint.value ?? "");
  return { key: taint.key, ...(value !== "" && { value }), effect: taint.effect };
}

function checkKey(what: string, key: string): void {
  const domain = domainOf(key);
  const name = domain === "" ? key : key.slice(domain.length + 1);
  if (NAME.test(name) && (domain === "" ? !key.includes("/") : DOMAIN.test(domain))) return;
  throw new BootstrapError("InvalidNode", `not a key of a ${what}: ${JSON.stringify(key)}`);
}

/** A comma or a line break in it would become another label, or worse. */
function checkedValue(key: string, value: string): string {
  if (value === "" || NAME.test(value)) return value;
  throw new BootstrapError("InvalidNode", `not a value for ${key}: ${JSON.stringify(value)}`);
}
