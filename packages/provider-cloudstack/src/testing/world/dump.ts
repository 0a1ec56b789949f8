// A readable picture of everything the fake holds.

import type { Cost } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { Ground } from "./ground.ts";
import { rowOf, zoneNameOf } from "./ground.ts";
import { claimUidOf, isOwned } from "./records.ts";
import type { Machine, MachineState } from "./records.ts";
import { machineView, volumeView } from "./views.ts";

type Json = Readonly<Record<string, unknown>>;

export interface MachineSummary {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly offering: string;
  readonly template: string;
  readonly state: MachineState;
  readonly tags: Readonly<Record<string, string>>;
  readonly networkIds: readonly string[];
  readonly owned: boolean;
  readonly providerID: string;
  /** What its boot came to: "joins", or why it does not. */
  readonly boot: string;
  /** Name of its Node. */
  readonly node: string | null;
}

export interface FakeCloudStackState {
  /** Milliseconds of the fake's clock. */
  readonly now: number;
  readonly cost: Cost;
  readonly machines: readonly MachineSummary[];
  /** The next five in the shape of the API. */
  readonly virtualMachines: readonly Json[];
  readonly volumes: readonly Json[];
  /** Cards with their addresses, for as long as something holds them. */
  readonly nics: readonly Json[];
  readonly networks: readonly Json[];
  readonly affinityGroups: readonly Json[];
}

const GONE: readonly MachineState[] = ["Destroyed", "Expunging"];

export function dump(ground: Ground): FakeCloudStackState {
  const now = ground.clock.now();
  const machines = [...ground.machines.values()];
  return {
    now,
    cost: ground.ledger.cost(now),
    machines: machines.map((machine) => summary(ground, machine)),
    virtualMachines: machines.map((machine) => machineView(ground, machine)),
    volumes: [...ground.volumes.values()].map((volume) => volumeView(ground, volume)),
    nics: [...ground.nics.values()].map(({ id, networkId, address, machineId }) => ({
      id,
      networkid: networkId,
      ipaddress: address,
      virtualmachineid: machineId,
    })),
    networks: ground.networks.map(({ id, name, state }) => ({ id, name, state })),
    affinityGroups: ground.affinityGroups.map(({ id, name, type }) => ({ id, name, type })),
  };
}

function summary(ground: Ground, machine: Machine): MachineSummary {
  const { id, name, state, tags, nics, node, bootNote } = machine;
  return {
    id,
    name,
    zone: zoneNameOf(ground, machine.zoneId),
    offering: rowOf(ground.offerings, machine.offeringId)?.name ?? "",
    template: ground.templates.find((row) => row.id === machine.templateId)?.name ?? "",
    state,
    tags: Object.fromEntries(tags),
    networkIds: nics.map(({ networkId }) => networkId),
    owned: isOwned(machine),
    providerID: `external-cloudstack://${id}`,
    boot: bootNote,
    node: node?.metadata.name ?? null,
  };
}

export function noteDoubles({ machines, invariants }: Ground, machine: Machine): void {
  const uid = claimUidOf(machine);
  if (uid === undefined) return;
  const alive = (each: Machine): boolean => each.state !== "Error" && !GONE.includes(each.state);
  const other = [...machines.values()].find((each) => each !== machine && claimUidOf(each) === uid && alive(each));
  if (other === undefined) return;
  invariants.record("MachineCreatedTwice", `machine ${machine.name} beside ${other.name} for claim ${uid}`);
}
