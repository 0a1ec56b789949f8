// The CloudProvider of Apache CloudStack: which part answers which call.

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

import { CLOUDSTACK_NODE_CLASS_KIND } from "./api/cloudstack-node-class.ts";
import type { CloudStackNodeClass } from "./api/cloudstack-node-class.ts";
import { CLOUDSTACK_GROUP, WELL_KNOWN_CLOUDSTACK_LABELS } from "./api/labels.ts";
import { inCoreWords } from "./client/core-words.ts";
import { classDrift } from "./drift.ts";
import type { MachineDrift } from "./drift.ts";
import type { ClassViews } from "./machines/class-view.ts";
import type { Collector } from "./machines/collector.ts";
import type { Inventory } from "./machines/inventory.ts";
import type { Launcher } from "./machines/launcher.ts";
import type { Remover } from "./machines/remover.ts";
import type { CloudStackSettings } from "./settings.ts";

export interface CloudStackProviderParts {
  readonly settings: CloudStackSettings;
  readonly views: ClassViews;
  readonly launcher: Launcher;
  readonly remover: Remover;
  readonly inventory: Inventory;
  readonly collector: Collector;
  readonly drift: MachineDrift;
  readonly reportProblem: ProblemReporter<CloudStackNodeClass>;
}

/** A template that is new to a storage pool, an operating system and the join take their minutes. */
const REGISTRATION = minutes(15);
/** Of the older product. */
const TOLERATION = minutes(30);

export class CloudStackProvider implements CloudProvider {
  readonly name = "cloudstack";
  readonly #parts: CloudStackProviderParts;
  readonly #settings: ProviderSettings;

  constructor(parts: CloudStackProviderParts) {
    this.#parts = parts;
    this.#settings = {
      wellKnownLabels: [...WELL_KNOWN_CLOUDSTACK_LABELS, ...parts.settings.offeringLabelKeys],
      restrictedDomains: [CLOUDSTACK_GROUP],
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
    const { views, inventory, drift } = this.#parts;
    const reason = classDrift(claim, views.nodeClass(claim.spec.nodeClassRef.name));
    const { providerID } = claim.status ?? {};
    if (reason !== "" || !providerID) return reason;
    const machine = await inventory.recent(providerID, signal);
    if (machine === undefined) return "";
    const view = await inCoreWords("comparing a machine with its class", () => views.forClaim(claim, signal));
    return drift.of(claim, view, machine);
  }

  repairPolicies(): readonly RepairPolicy[] {
    return repairUnreadyNodes(TOLERATION);
  }

  supportedNodeClasses(): readonly GroupKind[] {
    return [CLOUDSTACK_NODE_CLASS_KIND];
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
