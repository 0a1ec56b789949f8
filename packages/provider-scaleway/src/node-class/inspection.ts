// Looks at everything a class depends on, and says for each condition of ScalewayNodeClass whether it holds (§3).

import { BootstrapError } from "@karpenter-multicloud/core/bootstrap";
import {
  conditionTrue,
  conditionUnknown,
  conditionFalse,
} from "@karpenter-multicloud/core/controllers/nodeclass-status";
import type { Finding, RecentTroubles, Remark } from "@karpenter-multicloud/core/controllers/nodeclass-status";

import { ScalewayCondition } from "../api/scaleway-node-class.ts";
import type { FoundImage, ScalewayNodeClass, ScalewayNodeClassStatus } from "../api/scaleway-node-class.ts";
import { typesWithoutImage } from "../catalog/types-without-image.ts";
import { adviceFor, kindOf } from "../client/failure-kind.ts";
import type { ClassView, ClassViews } from "../machines/class-view.ts";
import type { Joining } from "../machines/joining.ts";
import type { ScalewaySettings } from "../settings.ts";
import type { ResolvedClass } from "../selection/resolved-class.ts";

export interface Inspection {
  readonly findings: readonly Finding[];
  readonly status: Omit<ScalewayNodeClassStatus, "conditions">;
  readonly remarks: readonly Remark[];
}

export interface InspectorParts {
  readonly views: ClassViews;
  readonly joining: Joining;
  readonly troubles: RecentTroubles;
  readonly settings: Pick<ScalewaySettings, "minMemory">;
  /** One cheap call that any valid key may make. */
  readonly checkKey: (signal: AbortSignal) => Promise<void>;
}

/** All classes are looked at with one key. */
export const THE_KEY = "key";
const MOST_IMAGES = 200;
const BY_ZONE = [
  ScalewayCondition.ImagesReady,
  ScalewayCondition.SecurityGroupsReady,
  ScalewayCondition.PrivateNetworksReady,
  ScalewayCondition.PlacementGroupsReady,
] as const;

export class Inspector {
  readonly #parts: InspectorParts;

  constructor(parts: InspectorParts) {
    this.#parts = parts;
  }

  async inspect(nodeClass: ScalewayNodeClass, signal: AbortSignal): Promise<Inspection> {
    const findings: Finding[] = [conditionTrue(ScalewayCondition.ValidationSucceeded)];
    findings.push(await this.#bootstrap(nodeClass, signal));
    try {
      await this.#parts.checkKey(signal);
      const view = await this.#parts.views.view(nodeClass, [], signal);
      const key = this.#parts.troubles.recent(THE_KEY) ?? conditionTrue(ScalewayCondition.CredentialsReady);
      findings.push(key, ...zoneFindings(view.resolved), typesFinding(view));
      const spec = nodeClass.spec ?? {};
      const remarks = typesWithoutImage({ ...view, spec, minMemory: this.#parts.settings.minMemory });
      return { findings, status: statusOf(view), remarks };
    } catch (error) {
      signal.throwIfAborted();
      const isTooOld = this.#parts.views.isCatalogueTooOld(nodeClass);
      findings.push(isTooOld ? tooOld(error) : credentialsFinding(error));
      return { findings, status: {}, remarks: [] };
    }
  }

  async #bootstrap(nodeClass: ScalewayNodeClass, signal: AbortSignal): Promise<Finding> {
    try {
      const message = await this.#parts.joining.rehearse(nodeClass, signal);
      return { ...conditionTrue(ScalewayCondition.BootstrapReady), ...(message === "" ? {} : { message }) };
    } catch (error) {
      signal.throwIfAborted();
      if (BootstrapError.is(error))
        return conditionFalse(ScalewayCondition.BootstrapReady, error.reason, error.message);
      return unknown(ScalewayCondition.BootstrapReady, error);
    }
  }
}

/** W-1: a list of yesterday is no ground to buy on. */
function tooOld(error: unknown): Finding {
  const why = error instanceof Error ? error.message : String(error);
  const message = `the list of server types could not be read for a day: ${why}`;
  return conditionFalse(ScalewayCondition.InstanceTypesReady, "CatalogueTooOld", message);
}

/** What a failed call tells about the key; of anything else it tells nothing. */
export function credentialsFinding(error: unknown): Finding {
  const kind = kindOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const advice = adviceFor(error);
  const text = advice === "" ? message : `${advice} (${message})`;
  if (kind === "auth") return conditionFalse(ScalewayCondition.CredentialsReady, "Unauthorized", text);
  if (kind === "permission") return conditionFalse(ScalewayCondition.CredentialsReady, "Forbidden", text);
  return unknown(ScalewayCondition.InstanceTypesReady, error);
}

/** A class works while one of its zones does (T-68); the reason names the zones that do not. */
function zoneFindings({ zones, dropped }: ResolvedClass): readonly Finding[] {
  return BY_ZONE.map((type) => {
    const [first, ...more] = dropped.filter(({ condition }) => condition === type);
    if (first === undefined || zones.length > 0) {
      const message = first === undefined ? "" : `not in ${[first, ...more].map(({ zone }) => zone).join(", ")}`;
      return message === "" ? conditionTrue(type) : { ...conditionTrue(type), message };
    }
    return conditionFalse(type, first.reason, [first, ...more].map(({ message }) => message).join("; "));
  });
}

function typesFinding({ types, resolved }: ClassView): Finding {
  const type = ScalewayCondition.InstanceTypesReady;
  if (types.items.length > 0) return conditionTrue(type);
  const zones = resolved.zones.map(({ zone }) => zone).join(", ");
  const message = `no instance type of ${zones === "" ? "any zone" : zones} fits instanceTypeSelector, rootVolume and the images`;
  return conditionFalse(type, "NoInstanceTypes", message);
}

function statusOf({ types, resolved }: ClassView): Inspection["status"] {
  const { zones } = resolved;
  const groups = (pick: "securityGroupId" | "placementGroupId") =>
    zones.flatMap((each) => (each[pick] === undefined ? [] : [{ id: each[pick], zone: each.zone }]));
  const networks = zones.flatMap(({ privateNetworkIds, region }) => privateNetworkIds.map((id) => ({ id, region })));
  return {
    zones: zones.map(({ zone }) => zone),
    images: imagesOf(resolved).slice(0, MOST_IMAGES),
    securityGroups: groups("securityGroupId"),
    placementGroups: groups("placementGroupId"),
    privateNetworks: [...new Map(networks.map((network) => [network.id, network])).values()],
    instanceTypeCount: types.items.length,
  };
}

function imagesOf({ zones }: ResolvedClass): readonly FoundImage[] {
  return zones.flatMap(({ zone, terms }) =>
    terms.flatMap(({ label, gpu, candidates }) =>
      candidates.map(({ id, arch, type, compatibleTypes }) => ({
        id,
        ...(label === undefined ? {} : { label }),
        arch,
        zone,
        type,
        gpu: gpu ?? false,
        compatibleTypes: compatibleTypes?.length ?? 0,
      })),
    ),
  );
}

function unknown(type: string, error: unknown): Finding {
  return conditionUnknown(type, error, "NotChecked");
}
