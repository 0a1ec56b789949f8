// The CloudProvider of OVHcloud Managed Kubernetes: which part answers which call.

import type { GroupKind, NodeClaim, NodePool } from "@karpenter-multicloud/core/api";
import { MachineNotFound } from "@karpenter-multicloud/core/provider";
import type {
  CallContext,
  CloudProvider,
  InstanceTypes,
  MachineTimeouts,
  ProviderSettings,
  RepairPolicy,
} from "@karpenter-multicloud/core/provider";
import { minutes } from "@karpenter-multicloud/core/units";

import { OVH_GROUP, WELL_KNOWN_OVH_LABELS } from "./api/labels.ts";
import { OVH_NODE_CLASS_KIND } from "./api/ovh-node-class.ts";
import { flavorFacts } from "./catalog/flavor-table.ts";
import { classDrift, machineDrift } from "./drift.ts";
import { offeringOf } from "./machines/class-view.ts";
import type { Machinery, MachineryParts } from "./machines/machinery.ts";
import { inCoreWords } from "./machines/pool-keeper.ts";
import { reportProblem } from "./node-class/report-problem.ts";

export class OvhProvider implements CloudProvider {
  readonly name = "ovh";
  readonly #parts: MachineryParts;
  readonly #machinery: Machinery;

  constructor(parts: MachineryParts, machinery: Machinery) {
    this.#parts = parts;
    this.#machinery = machinery;
  }

  async create(claim: NodeClaim, { signal }: CallContext): Promise<NodeClaim> {
    const { accesses, ports } = this.#parts;
    const nodeClass = accesses.nodeClass(claim.spec.nodeClassRef.name);
    try {
      return await this.#machinery.launcher.create(claim, signal);
    } catch (error) {
      await reportProblem(ports, nodeClass, error, signal);
      throw error;
    }
  }

  delete(claim: NodeClaim, { signal }: CallContext): Promise<void> {
    return this.#machinery.remover.delete(claim, signal);
  }

  get(providerID: string, { signal }: CallContext): Promise<NodeClaim> {
    return this.#machinery.inventories.get(providerID, signal);
  }

  list({ signal }: CallContext): Promise<readonly NodeClaim[]> {
    return this.#machinery.inventories.list(signal);
  }

  getInstanceTypes(pool: NodePool, { signal }: CallContext): Promise<InstanceTypes> {
    const nodeClass = this.#parts.accesses.nodeClass(pool.spec.template.spec.nodeClassRef.name);
    return inCoreWords("listing flavors", async () => {
      const access = await this.#parts.accesses.of(nodeClass, signal);
      return this.#machinery.views.instanceTypes(nodeClass, access, signal);
    });
  }

  async isDrifted(claim: NodeClaim, { signal }: CallContext): Promise<string> {
    const { accesses, ports } = this.#parts;
    const nodeClass = accesses.nodeClass(claim.spec.nodeClassRef.name);
    const reason = classDrift(claim, nodeClass);
    const { providerID } = claim.status ?? {};
    if (reason !== "" || !providerID) return reason;
    try {
      return machineDrift(
        claim,
        nodeClass,
        await this.#machinery.inventories.find(providerID, signal),
        ports.clock.now(),
      );
    } catch (error) {
      if (error instanceof MachineNotFound) return "";
      throw error;
    }
  }

  /** O-4: only pools of ours are changed, so a machine elsewhere stays, whatever core thinks of it. */
  keeps(claim: NodeClaim): string | undefined {
    const { providerID } = claim.status ?? {};
    if (!providerID) return undefined;
    const { isKnown, pool } = this.#machinery.inventories.foreignPoolOf(providerID);
    if (!isKnown) return "the pools of the cluster have not been listed yet";
    return pool === undefined ? undefined : `its machine is in pool ${pool}, which is not ours`;
  }

  /** O-59: longer than MKS's own repair, so that not both work on one node. */
  repairPolicies(): readonly RepairPolicy[] {
    const tolerationDuration = this.#parts.settings.repairToleration;
    return [
      { conditionType: "Ready", conditionStatus: "False", tolerationDuration },
      { conditionType: "Ready", conditionStatus: "Unknown", tolerationDuration },
    ];
  }

  supportedNodeClasses(): readonly GroupKind[] {
    return [OVH_NODE_CLASS_KIND];
  }

  settings(): ProviderSettings {
    return { wellKnownLabels: WELL_KNOWN_OVH_LABELS, restrictedDomains: [OVH_GROUP], supportsUnregisteredTaint: false };
  }

  /** O-26: machines take 5 to 10 minutes, those with GPUs more than an hour. */
  timeouts(claim: NodeClaim): MachineTimeouts {
    const flavor = offeringOf(claim)?.flavor ?? "";
    const gpu = (flavorFacts(flavor)?.gpus ?? 0) > 0;
    return gpu
      ? { launch: minutes(90), registration: minutes(90) }
      : { launch: minutes(15), registration: minutes(20) };
  }

  collectGarbage(claims: readonly NodeClaim[], { signal }: CallContext): Promise<void> {
    return this.#machinery.collector.collect(claims, signal);
  }
}
