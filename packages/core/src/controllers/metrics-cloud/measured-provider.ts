// A cloud provider whose calls are counted and timed, in the name of the controller that makes them (M-30 to M-33, OP-15).

import { Label, type NodeClaim, type NodePool } from "../../api/index.ts";
import { findProviderError, hasCode, karpenterErrorName } from "../../provider/index.ts";
import type { CloudProvider, InstanceTypes } from "../../provider/index.ts";
import type { Clock } from "../../runtime/index.ts";
import type { Metrics } from "../../telemetry/index.ts";

const METHODS: ReadonlyMap<PropertyKey, string> = new Map([
  ["create", "Create"],
  ["delete", "Delete"],
  ["get", "Get"],
  ["list", "List"],
  ["getInstanceTypes", "GetInstanceTypes"],
  ["isDrifted", "IsDrifted"],
]);
/** The kinds that are part of the contract; all others count with an empty name (M-31). */
const NAMED: ReadonlySet<string> = new Set([
  "NodeClaimNotFoundError",
  "NodeClassNotReadyError",
  "InsufficientCapacityError",
]);

export interface Measuring {
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Of the caller; empty when several share the provider. */
  readonly controller: string;
  /** Sees each list of instance types, and what it answers is handed on in its place. */
  readonly listed: (pool: NodePool, types: InstanceTypes) => InstanceTypes;
}

type Method = (...args: readonly unknown[]) => unknown;

/** What is not measured is the provider's own, also what a provider has beyond the contract. */
export function measuredProvider(provider: CloudProvider, measuring: Measuring): CloudProvider {
  return new Proxy(provider, {
    get(target, property) {
      const found: unknown = Reflect.get(target, property, target);
      if (typeof found !== "function") return found;
      const call: Method = found.bind(target) as Method;
      const method = METHODS.get(property);
      return method === undefined ? call : measured(measuring, { provider: target.name, method, call });
    },
  });
}

interface Call {
  readonly provider: string;
  readonly method: string;
  readonly call: Method;
}

function measured(measuring: Measuring, { provider, method, call }: Call): Method {
  const { metrics, clock, controller } = measuring;
  const labels = { controller, method, provider };
  return async (...args) => {
    const started = clock.now();
    try {
      const answer = await call(...args);
      return method === "GetInstanceTypes" ? measuring.listed(args[0] as NodePool, answer as InstanceTypes) : answer;
    } catch (error) {
      // A machine that is ordered and not visible yet is no failure.
      if (!hasCode(error, "PROVIDER_LAUNCH_PENDING")) countFailure(metrics, labels, error, args[0]);
      throw error;
    } finally {
      metrics.observe("karpenter_cloudprovider_duration_seconds", labels, (clock.now() - started) / 1000);
    }
  };
}

function countFailure(
  metrics: Metrics,
  labels: { readonly controller: string; readonly method: string; readonly provider: string },
  error: unknown,
  subject: unknown,
): void {
  const found = findProviderError(error);
  const name = found ? karpenterErrorName(found.code) : "";
  metrics.count("karpenter_cloudprovider_errors_total", { ...labels, error: NAMED.has(name) ? name : "" });
  const { scope } = found ?? {};
  const reason = found?.conditionReason ?? name;
  if (labels.method === "Create") {
    const zone = scope?.zone ?? (scope?.level === "zone" ? scope.name : undefined) ?? "";
    const where = { zone, capacity_type: scope?.capacityType ?? "" };
    metrics.count("karpenter_cloudprovider_instance_launch_failures_total", { ...where, reason });
  }
  if (labels.method === "Delete" && found?.code !== "PROVIDER_MACHINE_NOT_FOUND") {
    const { labels: of = {} } = (subject as NodeClaim).metadata;
    const where = { zone: of[Label.Zone] ?? "", capacity_type: of[Label.CapacityType] ?? "" };
    metrics.count("karpenter_cloudprovider_instance_termination_failures_total", { ...where, reason });
  }
}
