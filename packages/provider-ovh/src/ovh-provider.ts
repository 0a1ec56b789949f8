// The CloudProvider of OVHcloud Managed Kubernetes: which part answers which call.

import { Label, type GroupKind, type NodeClaim, type NodePool } from "@karpenter-multicloud/core/api";
import { MachineNotFound, repairUnreadyNodes } from "@karpenter-multicloud/core/provider";
import type {
  CallContext,
  CloudProvider,
  InstanceTypes,
  MachineTimeouts,
  ProviderSettings,
  RepairPolicy,
} from "@karpenter-multicloud/core/provider";
import { minutes } from "@karpenter-multicloud/core/units";

import { CINDER_ZONE, OVH_GROUP, WELL_KNOWN_OVH_LABELS } from "./api/labels.ts";
import { OVH_NODE_CLASS_KIND } from "./api/ovh-node-class.ts";
import type { OVHNodeClass } from "./api/ovh-node-class.ts";
import type { WirePool } from "./client/wire.ts";
import { flavorFacts } from "./catalog/flavor-table.ts";
import { classDrift, machineDrift } from "./drift.ts";
import { zoneAliases } from "./catalog/zone-aliases.ts";
import type { ValueAliases } from "./catalog/zone-aliases.ts";
import { offeringOf, situationOf } from "./machines/class-view.ts";
import { hasTemplate, isAdopted } from "./pools/pool-key.ts";
import type { Machinery, MachineryParts } from "./machines/machinery.ts";
import { inCoreWords } from "./pools/pool-keeper.ts";
import { ovhProblemReporter } from "./node-class/report-problem.ts";

export class OvhProvider implements CloudProvider {
  readonly name = "ovh";
  readonly #parts: MachineryParts;
  readonly #machinery: Machinery;
  readonly #reportProblem: ReturnType<typeof ovhProblemReporter>;

  constructor(parts: MachineryParts, machinery: Machinery) {
    this.#parts = parts;
    this.#machinery = machinery;
    this.#reportProblem = ovhProblemReporter(parts.ports);
  }

  async create(claim: NodeClaim, { signal }: CallContext): Promise<NodeClaim> {
    const nodeClass = this.#parts.accesses.nodeClass(claim.spec.nodeClassRef.name);
    try {
      return await this.#machinery.launcher.create(claim, signal);
    } catch (error) {
      await this.#reportProblem(nodeClass, error, signal);
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
      const access = await this.#parts.accesses.ofLast(nodeClass, signal);
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
      const found = await this.#machinery.inventories.find(providerID, signal);
      const isTemplateIntact = await this.#isTemplateIntact(claim, nodeClass, found.pool, signal);
      return machineDrift(claim, nodeClass, { ...found, isTemplateIntact }, ports.clock.now());
    } catch (error) {
      if (error instanceof MachineNotFound) return "";
      throw error;
    }
  }

  /** O-42; an adopted pool never had a template of ours. */
  async #isTemplateIntact(
    claim: NodeClaim,
    nodeClass: OVHNodeClass,
    { template }: WirePool,
    signal: AbortSignal,
  ): Promise<boolean> {
    const offering = offeringOf(claim);
    if (nodeClass.spec?.driftOnTemplateEdit !== true || offering === undefined || isAdopted(template)) return true;
    const { views } = this.#machinery;
    const access = await this.#parts.accesses.of(nodeClass, signal);
    return hasTemplate(template, views.shape(claim, nodeClass, access, offering), views.clusterName(access));
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
    return repairUnreadyNodes(this.#parts.settings.repairToleration);
  }

  supportedNodeClasses(): readonly GroupKind[] {
    return [OVH_NODE_CLASS_KIND];
  }

  settings(): ProviderSettings {
    return {
      wellKnownLabels: WELL_KNOWN_OVH_LABELS,
      restrictedDomains: [OVH_GROUP],
      normalizedLabels: { [CINDER_ZONE]: Label.Zone },
      normalizedPoolValues: this.#zoneAliases(),
      supportsUnregisteredTaint: false,
    };
  }

  /** O-31: all classes mean the same cluster (O-73), and so the same region. */
  #zoneAliases(): ValueAliases {
    const known = this.#parts.accesses.all().find(({ status }) => status?.region !== undefined && status.zones?.length);
    return known === undefined ? {} : zoneAliases(situationOf(known));
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
