// Looks at everything a class depends on, and says for each condition of CloudStackNodeClass whether it holds (§5).

import { BootstrapError } from "@karpenter-multicloud/core/bootstrap";
import {
  conditionTrue,
  conditionUnknown,
  conditionFalse,
} from "@karpenter-multicloud/core/controllers/nodeclass-status";
import type { Finding, RecentTroubles, Remark } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import { compareText, sortedKeys } from "@karpenter-multicloud/core/units";

import { CloudStackCondition } from "../api/cloudstack-node-class.ts";
import type { CloudStackNodeClass, CloudStackNodeClassStatus } from "../api/cloudstack-node-class.ts";
import { nodeClassHash } from "../api/node-class-hash.ts";
import { adviceFor } from "../client/core-words.ts";
import { CredentialsError } from "../client/credentials-error.ts";
import { kindOf } from "../client/failure-kind.ts";
import type { ClassView, ClassViews } from "../machines/class-view.ts";
import type { Joining } from "../machines/joining.ts";
import type { ResolvedClass } from "../selection/resolved-class.ts";

export interface Inspection {
  readonly findings: readonly Finding[];
  readonly status: Omit<CloudStackNodeClassStatus, "conditions">;
  readonly remarks: readonly Remark[];
}

export interface InspectorParts {
  readonly views: ClassViews;
  readonly joining: Joining;
  readonly troubles: RecentTroubles;
}

const RESOLVED = [
  CloudStackCondition.ZonesReady,
  CloudStackCondition.NetworksReady,
  CloudStackCondition.ServiceOfferingsReady,
  CloudStackCondition.TemplatesReady,
  CloudStackCondition.DisksReady,
  CloudStackCondition.ValidationSucceeded,
] as const;

export class Inspector {
  readonly #parts: InspectorParts;

  constructor(parts: InspectorParts) {
    this.#parts = parts;
  }

  async inspect(nodeClass: CloudStackNodeClass, signal: AbortSignal): Promise<Inspection> {
    try {
      const view = await this.#parts.views.view(nodeClass, signal);
      const bootstrap = await this.#bootstrap(nodeClass, view.resolved.server.userDataMaxLength, signal);
      const { problems, remarks } = view.resolved;
      const denied = problems.find(({ condition }) => condition === CloudStackCondition.BootstrapReady);
      const findings = [
        conditionTrue(CloudStackCondition.CredentialsReady),
        conditionTrue(CloudStackCondition.BootstrapReady),
        ...resolvedFindings(view),
        // The last word on a condition counts.
        denied === undefined ? bootstrap.finding : conditionFalse(denied.condition, denied.reason, denied.message),
      ];
      const recent = this.#parts.troubles.recent(nodeClass.metadata.name ?? "");
      const all = recent === undefined ? findings : findings.map((each) => (each.type === recent.type ? recent : each));
      return { findings: all, status: statusOf(view), remarks: [...remarks, ...bootstrap.remarks] };
    } catch (error) {
      signal.throwIfAborted();
      const bootstrap = await this.#bootstrap(nodeClass, undefined, signal);
      return { findings: [bootstrap.finding, ...apiFindings(error)], status: {}, remarks: bootstrap.remarks };
    }
  }

  async #bootstrap(
    nodeClass: CloudStackNodeClass,
    maxLength: number | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly finding: Finding; readonly remarks: readonly Remark[] }> {
    const { joining } = this.#parts;
    const type = CloudStackCondition.BootstrapReady;
    try {
      await joining.rehearse(nodeClass, maxLength, signal);
      const isAuto = (nodeClass.spec.bootstrap?.type ?? "auto") === "auto";
      const isNone =
        isAuto && (await joining.mode(nodeClass, signal)) === "none" && nodeClass.spec.userDataRef === undefined;
      const message = "kube-public/cluster-info does not exist: machines join only by their image or by spec.userData";
      return { finding: conditionTrue(type), remarks: isNone ? [{ reason: "BootstrapNotConfigured", message }] : [] };
    } catch (error) {
      signal.throwIfAborted();
      // A mistake in the text is the class's own; one in the cluster concerns the bootstrap (§8).
      const condition =
        BootstrapError.is(error) && error.reason === "UnknownVariable" ? CloudStackCondition.ValidationSucceeded : type;
      const finding = BootstrapError.is(error)
        ? conditionFalse(condition, error.reason, error.message)
        : unknown(type, error);
      return { finding, remarks: [] };
    }
  }
}

/** What a failed call tells about the key; of anything else it tells nothing. */
export function credentialsFinding(error: unknown): Finding {
  const kind = kindOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const advice = adviceFor(error);
  const text = advice === "" ? message : `${advice} (${message})`;
  if (kind === "auth") return conditionFalse(CloudStackCondition.CredentialsReady, "Unauthorized", text);
  // The key is good: the role lacks one API (T-61).
  if (kind === "permission") return conditionFalse(CloudStackCondition.ValidationSucceeded, "Unauthorized", text);
  return unknown(CloudStackCondition.ZonesReady, error);
}

function apiFindings(error: unknown): readonly Finding[] {
  if (error instanceof CredentialsError)
    return [conditionFalse(CloudStackCondition.CredentialsReady, error.reason, error.message)];
  const finding = credentialsFinding(error);
  if (finding.type !== CloudStackCondition.ZonesReady) {
    return finding.type === CloudStackCondition.CredentialsReady
      ? [finding]
      : [conditionTrue(CloudStackCondition.CredentialsReady), finding];
  }
  return [unknown(CloudStackCondition.CredentialsReady, error), ...RESOLVED.map((type) => unknown(type, error))];
}

/** A class works while one of its zones does; the message names the zones that do not. */
function resolvedFindings({ resolved }: ClassView): readonly Finding[] {
  const { problems, dropped } = resolved;
  return RESOLVED.map((type) => {
    const [first, ...more] = problems.filter(({ condition }) => condition === type);
    if (first !== undefined)
      return conditionFalse(type, first.reason, [first, ...more].map(({ message }) => message).join("; "));
    const missing = dropped.filter(({ condition }) => condition === type).map(({ message }) => message);
    return missing.length === 0 ? conditionTrue(type) : { ...conditionTrue(type), message: missing.join("; ") };
  });
}

/** Sorted, so that unchanged data causes no write. */
function statusOf(view: ClassView): Inspection["status"] {
  const { resolved, nodeClass } = view;
  const { zones, scope } = resolved;
  return {
    zones: zones.map(({ id, name, label }) => ({ id, name, label })).toSorted((a, b) => compareText(a.name, b.name)),
    networks: zones
      .flatMap((zone) => zone.networks.map(({ id, name, type, state }) => ({ id, name, zone: zone.name, type, state })))
      .toSorted((a, b) => compareText(a.zone, b.zone) || compareText(a.name, b.name) || compareText(a.id, b.id)),
    serviceOfferings: offeringsOf(view),
    templates: templatesOf(resolved),
    ...(scope.projectId === undefined ? {} : { projectID: scope.projectId }),
    diskOfferings: resolved.disks.map(({ offeringId, offeringName }) => ({ id: offeringId, name: offeringName })),
    affinityGroups: resolved.affinityGroups.map(({ id, name, type }) => ({ id, name, type })),
    observedHash: nodeClassHash(nodeClass.spec),
  };
}

const MOST_OFFERINGS = 300;

function offeringsOf({ types }: ClassView): NonNullable<CloudStackNodeClassStatus["serviceOfferings"]> {
  const byName = new Map([...types.buyables].map(([name, buyable]) => [name, buyable]));
  return [...byName.values()].slice(0, MOST_OFFERINGS).map(({ type, selected, shape }) => ({
    id: selected.offering.id,
    name: selected.offering.name,
    instanceType: type.name,
    cpuNumber: shape.cpu,
    ...(shape.cpuSpeed === undefined ? {} : { cpuSpeed: shape.cpuSpeed }),
    memory: shape.memoryMiB,
    ...(selected.offering.networkRate === undefined ? {} : { networkRate: selected.offering.networkRate }),
    zones: type.offerings
      .map(({ requirements }) => requirements.get("topology.kubernetes.io/zone").any())
      .toSorted(compareText),
    price: (type.offerings[0]?.price?.amount ?? 0).toFixed(4),
    custom: shape.isCustom,
  }));
}

function templatesOf({ zones }: ResolvedClass): NonNullable<CloudStackNodeClassStatus["templates"]> {
  return zones
    .flatMap((zone) =>
      sortedKeys(Object.fromEntries(zone.templates)).flatMap((arch) => {
        const template = zone.templates.get(arch);
        if (template === undefined) return [];
        const { id, name, osTypeName, created } = template;
        return [{ id, name, osType: osTypeName, arch, zone: zone.name, created: new Date(created).toISOString() }];
      }),
    )
    .toSorted((a, b) => compareText(a.zone, b.zone) || compareText(a.name, b.name));
}

function unknown(type: string, error: unknown): Finding {
  return conditionUnknown(type, error, "APIUnavailable");
}
