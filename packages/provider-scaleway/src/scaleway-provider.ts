// The CloudProvider of Scaleway Instances: which part answers which call.

import type { GroupKind, NodeClaim, NodePool } from "@karpenter-multicloud/core/api";
import type { ProblemReporter } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import { repairUnreadyNodes } from "@karpenter-multicloud/core/provider";
import type {
  CallContext,
  CloudProvider,
  InstanceTypes,
  MachineTimeouts,
  ProviderSettings,
  RepairPolicy,
} from "@karpenter-multicloud/core/provider";
import { minutes } from "@karpenter-multicloud/core/units";

import { SCALEWAY_GPU, SCALEWAY_GROUP, WELL_KNOWN_SCALEWAY_LABELS } from "./api/labels.ts";
import { SCALEWAY_NODE_CLASS_KIND } from "./api/scaleway-node-class.ts";
import type { ScalewayNodeClass } from "./api/scaleway-node-class.ts";
import { spellings } from "./catalog/aliases.ts";
import { inCoreWords } from "./client/failure-kind.ts";
import { classDrift, machineDrift } from "./drift.ts";
import type { ClassViews } from "./machines/class-view.ts";
import type { Collector } from "./machines/collector.ts";
import type { Inventory } from "./machines/inventory.ts";
import type { Launcher } from "./machines/launcher.ts";
import type { Remover } from "./machines/remover.ts";
import type { ScalewaySettings } from "./settings.ts";

export interface ScalewayProviderParts {
  readonly settings: ScalewaySettings;
  readonly views: ClassViews;
  readonly launcher: Launcher;
  readonly remover: Remover;
  readonly inventory: Inventory;
  readonly collector: Collector;
  readonly reportProblem: ProblemReporter<ScalewayNodeClass>;
}

/** S-22: an operating system, drivers and the join take their minutes. */
const REGISTRATION = minutes(15);
const TOLERATION = minutes(30);

export class ScalewayProvider implements CloudProvider {
  readonly name = "scaleway";
  readonly #parts: ScalewayProviderParts;
  readonly #settings: ProviderSettings;

  constructor(parts: ScalewayProviderParts) {
    this.#parts = parts;
    this.#settings = {
      wellKnownLabels: WELL_KNOWN_SCALEWAY_LABELS,
      restrictedDomains: [SCALEWAY_GROUP],
      capacityTypes: [SCALEWAY_GPU],
      orphanInterval: parts.settings.gcInterval,
      orphanAge: parts.settings.gcMinAge,
      ...spellings(parts.settings.aliases),
    };
  }

  async create(claim: NodeClaim, { signal }: CallContext): Promise<NodeClaim> {
    const { launcher, views, reportProblem } = this.#parts;
    const nodeClass = views.nodeClass(claim.spec.nodeClassRef.name);
    try {
      return await launcher.create(claim, signal);
    } catch (error) {
      await reportProblem(nodeClass, error, signal);
      throw error;
    }
  }

  delete(claim: NodeClaim, { signal }: CallContext): Promise<void> {
    return this.#parts.remover.delete(claim, signal);
  }

  get(providerID: string, { signal }: CallContext): Promise<NodeClaim> {
    return this.#parts.inventory.get(providerID, signal);
  }

  list({ signal }: CallContext): Promise<readonly NodeClaim[]> {
    return this.#parts.inventory.list(signal);
  }

  async getInstanceTypes(pool: NodePool, { signal }: CallContext): Promise<InstanceTypes> {
    const view = await inCoreWords("listing instance types", () => this.#parts.views.forPool(pool, signal));
    return view.types;
  }

  async isDrifted(claim: NodeClaim, { signal }: CallContext): Promise<string> {
    const { views, inventory } = this.#parts;
    const reason = classDrift(claim, views.nodeClass(claim.spec.nodeClassRef.name));
    const { providerID } = claim.status ?? {};
    if (reason !== "" || !providerID) return reason;
    const server = await inventory.recent(providerID, signal);
    if (server === undefined) return "";
    const view = await inCoreWords("comparing a machine with its class", () => views.forClaim(claim, signal));
    return machineDrift(claim, view, server, { endOfService: this.#parts.settings.endOfServiceDrift });
  }

  /** W-55 */
  repairPolicies(): readonly RepairPolicy[] {
    return repairUnreadyNodes(TOLERATION);
  }

  supportedNodeClasses(): readonly GroupKind[] {
    return [SCALEWAY_NODE_CLASS_KIND];
  }

  settings(): ProviderSettings {
    return this.#settings;
  }

  timeouts(): MachineTimeouts {
    return { registration: REGISTRATION };
  }

  collectGarbage(claims: readonly NodeClaim[], { signal }: CallContext): Promise<void> {
    return this.#parts.collector.collect(claims, signal);
  }
}
