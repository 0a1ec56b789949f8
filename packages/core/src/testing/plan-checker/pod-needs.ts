// What one pod takes of a node: resources as the kubelet accounts for them, host ports, and the taints it bears.

import type { Container, PodSpec, Taint, Toleration } from "../../api/index.ts";
import type { InstanceType, Offering } from "../../provider/index.ts";
import { requestsFrom } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";

/** The larger of running and starting; sidecars run from their place in the start on. */
export function effectiveRequests(spec: PodSpec): Resources {
  const containers = spec.containers.map(requestsOf);
  const starting = spec.initContainers ?? [];
  const sidecars = starting.filter(isSidecar).map(requestsOf);
  const phases = [
    total([...containers, ...sidecars]),
    ...starting.map((container, index) =>
      total([requestsOf(container), ...starting.slice(0, index).filter(isSidecar).map(requestsOf)]),
    ),
  ];
  const result: Record<string, number> = {};
  for (const phase of phases) {
    for (const [name, amount] of Object.entries(phase)) result[name] = Math.max(result[name] ?? 0, amount);
  }
  for (const [name, amount] of Object.entries(requestsFrom(spec.resources?.requests))) {
    if (["cpu", "memory"].includes(name) || name.startsWith("hugepages-")) result[name] = amount;
  }
  return total([result, requestsFrom(spec.overhead), { pods: 1 }]);
}

export function total(all: readonly Resources[]): Resources {
  const sum: Record<string, number> = {};
  for (const each of all) for (const [name, amount] of Object.entries(each)) sum[name] = (sum[name] ?? 0) + amount;
  return sum;
}

/** Resources of which more is wanted than there is. */
export function shortOf(wanted: Resources, available: Resources): readonly string[] {
  return Object.keys(wanted).filter((name) => (wanted[name] ?? 0) > Math.max(0, available[name] ?? 0));
}

/** The same as an answer only, for the many shapes that are large enough. */
export function isShort(wanted: Resources, available: Resources): boolean {
  for (const name in wanted) if ((wanted[name] ?? 0) > Math.max(0, available[name] ?? 0)) return true;
  return false;
}

/** What the kubelet will report: huge pages are memory that nobody else can have. */
export function allocatableOfOffering(type: InstanceType, { capacityOverride, overheadOverride }: Offering): Resources {
  const capacity = { ...type.capacity, ...capacityOverride };
  const parts = ["kubeReserved", "systemReserved", "evictionThreshold"] as const;
  const kept = total(parts.map((part) => ({ ...type.overhead[part], ...overheadOverride?.[part] })));
  const left: Record<string, number> = {};
  for (const [name, amount] of Object.entries(capacity)) left[name] = amount - (kept[name] ?? 0);
  for (const [name, amount] of Object.entries(capacity)) {
    if (name.startsWith("hugepages-")) left["memory"] = (left["memory"] ?? 0) - amount;
  }
  return left;
}

type HostPort = readonly [protocol: string, port: number, ip: string];

/** As "TCP 80 on 0.0.0.0" and so on. */
export function hostPorts(spec: PodSpec): readonly HostPort[] {
  return [...spec.containers, ...(spec.initContainers ?? []).filter(isSidecar)]
    .flatMap(({ ports = [] }) => ports)
    .flatMap(({ hostPort, protocol, hostIP }) =>
      hostPort === undefined || hostPort === 0 ? [] : [[protocol || "TCP", hostPort, hostIP || "0.0.0.0"] as const],
    );
}

export function portsClash(a: PodSpec, b: PodSpec): boolean {
  const taken = new TakenPorts();
  taken.add(b);
  return taken.clashes(a);
}

/** The host ports that pods of one node have. */
export class TakenPorts {
  readonly #addresses = new Map<string, Set<string>>();

  get isEmpty(): boolean {
    return this.#addresses.size === 0;
  }

  add(spec: PodSpec): void {
    for (const [protocol, port, ip] of hostPorts(spec)) {
      const id = `${protocol} ${port}`;
      this.#addresses.set(id, (this.#addresses.get(id) ?? new Set()).add(ip));
    }
  }

  clashes(spec: PodSpec): boolean {
    if (this.isEmpty) return false;
    return hostPorts(spec).some(([protocol, port, ip]) => {
      const taken = this.#addresses.get(`${protocol} ${port}`);
      return taken !== undefined && (isEverywhere(ip) || taken.has(ip) || [...taken].some(isEverywhere));
    });
  }
}

function isEverywhere(ip: string): boolean {
  return ip === "0.0.0.0" || ip === "::";
}

/** The taints that keep the pod away; PreferNoSchedule never does. */
export function repelledBy(taints: readonly Taint[], tolerations: readonly Toleration[] = []): readonly Taint[] {
  return taints.filter(
    (taint) => taint.effect !== "PreferNoSchedule" && !tolerations.some((toleration) => bears(toleration, taint)),
  );
}

function bears({ key = "", operator = "Equal", value = "", effect }: Toleration, taint: Taint): boolean {
  if (effect !== undefined && effect !== taint.effect) return false;
  if (key === "") return operator === "Exists";
  if (key !== taint.key) return false;
  if (operator === "Exists") return true;
  if (operator === "Equal") return value === (taint.value ?? "");
  const [have, bound] = [Number(taint.value), Number(value)];
  return operator === "Gt" ? have > bound : have < bound;
}

function requestsOf({ resources }: Container): Resources {
  return requestsFrom(resources?.requests);
}

function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === "Always";
}
