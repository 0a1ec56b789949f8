// A cloud for controller tests: machines in a map, everything it was asked in a list, errors on demand.

import { Label, nodeClassLabel, type GroupKind, type NodeClaim, type NodePool } from "../api/index.ts";
import {
  MachineNotFound,
  type CloudProvider,
  type InstanceType,
  type InstanceTypes,
  type MachineTimeouts,
  type ProviderSettings,
  type RepairPolicy,
} from "../provider/index.ts";
import { toResourceList } from "../units/index.ts";
import { TEST_CLASS } from "./builders/index.ts";

/** Launches the first instance type it was given, at its first offering. Idempotent by the claim's UID. */
export class FakeProvider implements CloudProvider {
  readonly name = "fake";
  readonly machines = new Map<string, NodeClaim>();
  /** "create default-1", "delete fake:///1", in order. */
  readonly calls: string[] = [];
  /** Thrown by the next calls of that method, one each. */
  readonly failures: {
    create: unknown[];
    delete: unknown[];
    list: unknown[];
    types: unknown[];
    drift: unknown[];
  } = {
    create: [],
    delete: [],
    list: [],
    types: [],
    drift: [],
  };
  types: readonly InstanceType[];
  /** How often it was asked what it sells. */
  typesAsked = 0;
  /** Deletes stay accepted this many times before the machine is gone. */
  slowDeletes = 0;
  /** By claim name: why its machine cannot be removed. */
  readonly kept = new Map<string, string>();
  /** By claim name: why its machine is no longer what its class asks for. */
  readonly drifted = new Map<string, string>();
  policies: readonly RepairPolicy[] = [];
  limits: MachineTimeouts = {};
  extra: ProviderSettings = {};
  #count = 0;

  constructor(types: readonly InstanceType[]) {
    this.types = types;
  }

  async create(claim: NodeClaim): Promise<NodeClaim> {
    this.calls.push(`create ${claim.metadata.name}`);
    throwNext(this.failures.create);
    const known = [...this.machines.values()].find((machine) => machine.metadata.uid === claim.metadata.uid);
    if (known) return known;
    const type = this.types[0];
    const offering = type?.offerings[0];
    if (!type || !offering) throw new Error("the fake provider has nothing to sell");
    const providerID = `fake:///${++this.#count}`;
    const machine: NodeClaim = {
      ...claim,
      metadata: {
        ...claim.metadata,
        labels: {
          ...claim.metadata.labels,
          [Label.InstanceType]: type.name,
          [Label.Zone]: offering.requirements.get(Label.Zone).any(),
          [Label.CapacityType]: offering.requirements.get(Label.CapacityType).any(),
          [nodeClassLabel(TEST_CLASS)]: claim.spec.nodeClassRef.name,
        },
      },
      status: { providerID, capacity: toResourceList(type.capacity), allocatable: toResourceList(type.capacity) },
    };
    this.machines.set(providerID, machine);
    return machine;
  }

  async delete(claim: NodeClaim): Promise<void> {
    const id = claim.status?.providerID ?? "";
    this.calls.push(`delete ${id}`);
    throwNext(this.failures.delete);
    if (!this.machines.has(id)) throw new MachineNotFound(`machine ${id} is gone`);
    if (this.slowDeletes-- > 0) return;
    this.machines.delete(id);
  }

  async get(providerID: string): Promise<NodeClaim> {
    const machine = this.machines.get(providerID);
    if (!machine) throw new MachineNotFound(`machine ${providerID} is gone`);
    return machine;
  }

  async list(): Promise<readonly NodeClaim[]> {
    throwNext(this.failures.list);
    return [...this.machines.values()];
  }

  keeps(claim: NodeClaim): string | undefined {
    return this.kept.get(claim.metadata.name ?? "");
  }

  async getInstanceTypes(_pool: NodePool): Promise<InstanceTypes> {
    this.typesAsked++;
    throwNext(this.failures.types);
    return { version: "1", items: this.types };
  }

  async isDrifted({ metadata: { name = "" } }: NodeClaim): Promise<string> {
    throwNext(this.failures.drift);
    return this.drifted.get(name) ?? "";
  }

  repairPolicies(): readonly RepairPolicy[] {
    return this.policies;
  }

  supportedNodeClasses(): readonly GroupKind[] {
    return [{ group: TEST_CLASS.group, kind: TEST_CLASS.kind }];
  }

  settings(): ProviderSettings {
    return this.extra;
  }

  timeouts(): MachineTimeouts {
    return this.limits;
  }
}

function throwNext(failures: unknown[]): void {
  if (failures.length > 0) throw failures.shift();
}
