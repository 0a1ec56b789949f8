// The simulated cloud: machines that live apart from Nodes and outlast the controller, and a record of everything done to them.

import type { Node } from "@karpenter-multicloud/core/api";
import {
  InsufficientCapacity,
  MachineNotFound,
  QuotaExceeded,
  RateLimited,
  Transient,
} from "@karpenter-multicloud/core/provider";
import type { HourlyRate } from "@karpenter-multicloud/core/units";
import { compareText, milliseconds, seconds } from "@karpenter-multicloud/core/units";
import type { Duration } from "@karpenter-multicloud/core/units";
import type { Clock, EpochMs } from "@karpenter-multicloud/core/runtime";
import { seededRandom } from "@karpenter-multicloud/core/testing";
import type { MachineHooks } from "@karpenter-multicloud/core/testing";
import { isOutOfStock } from "./faults.ts";
import type { SimulatedFaults } from "./faults.ts";

/** What is ordered. Everything in it stays with the machine, as tags do. */
export interface MachineOrder {
  readonly cluster: string;
  readonly nodeClass: string;
  readonly claimName: string;
  readonly claimUid: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly capacityType: string;
  readonly price: HourlyRate | undefined;
  /** Until the Node appears. */
  readonly registrationDelay: Duration;
  /** The Node that the machine's kubelet registers; its name and provider ID are given by the cloud. */
  readonly node: (identity: { readonly nodeName: string; readonly providerID: string }) => Node;
}

export interface SimulatedMachine extends Omit<MachineOrder, "node"> {
  readonly providerID: string;
  readonly nodeName: string;
  readonly createdAt: EpochMs;
  readonly state: "booting" | "running" | "terminating";
  /** As it was registered. */
  readonly node: Node;
}

export interface CloudRecord {
  readonly at: EpochMs;
  readonly action: "create" | "delete" | "reclaim" | "refuse" | "gone";
  readonly claimUid: string;
  readonly providerID?: string;
  readonly detail: string;
}

export interface SimulatedCloudOptions {
  readonly clock: Clock;
  /** Where machines show up as Nodes. Absent: nowhere. */
  readonly machines?: MachineHooks;
  /** @defaultValue 1 */
  readonly seed?: number;
  /** Hears of machines that could not tell the cluster. @defaultValue throws it away */
  readonly onError?: (error: unknown) => void;
}

const READY_DELAY = seconds(1);

export class SimulatedCloud {
  readonly #clock: Clock;
  readonly #hooks: MachineHooks | undefined;
  readonly #onError: (error: unknown) => void;
  readonly #random: () => number;
  readonly #machines = new Map<string, SimulatedMachine>();
  readonly #faults = new Map<string, SimulatedFaults>();
  readonly #records: CloudRecord[] = [];
  #made = 0;

  constructor(options: SimulatedCloudOptions) {
    this.#clock = options.clock;
    this.#hooks = options.machines;
    this.#random = seededRandom(options.seed ?? 1);
    this.#onError = options.onError ?? (() => {});
  }

  /** Everything that happened, oldest first. */
  get records(): readonly CloudRecord[] {
    return this.#records;
  }

  /** All machines that still exist, by provider ID. */
  machines(): readonly SimulatedMachine[] {
    return [...this.#machines.values()].sort((a, b) => compareText(a.providerID, b.providerID));
  }

  find(providerID: string): SimulatedMachine | undefined {
    return this.#machines.get(providerID);
  }

  /** Replaces the faults of one NodeClass, or of all that have none of their own; they count from now on. */
  inject(faults: SimulatedFaults, nodeClass = ""): void {
    this.#faults.set(nodeClass, faults);
  }

  faultsOf(nodeClass: string): SimulatedFaults {
    return { ...this.#faults.get(""), ...this.#faults.get(nodeClass) };
  }

  /** The machine of a claim that is not being deleted. */
  ofClaim(claimUid: string): SimulatedMachine | undefined {
    for (const machine of this.#machines.values()) {
      if (machine.claimUid === claimUid && machine.state !== "terminating") return machine;
    }
    return undefined;
  }

  /** @throws RateLimited */
  assertServes(nodeClass: string): void {
    if (this.faultsOf(nodeClass).throttled === true) throw new RateLimited("the simulated cloud answered 429");
  }

  /**
   * Makes one machine, at once and once per claim UID.
   * @throws InsufficientCapacity, QuotaExceeded, Transient, RateLimited
   */
  order(order: MachineOrder): SimulatedMachine {
    this.assertServes(order.nodeClass);
    const known = this.ofClaim(order.claimUid);
    if (known !== undefined) return known;
    const faults = this.faultsOf(order.nodeClass);
    this.#refuse(order, faults);
    const machine = this.#make(order);
    this.#boot(machine, faults);
    if (this.#strikes(faults.lostAnswerRate))
      throw new Transient(`the answer to the order of ${order.claimName} was lost`);
    return machine;
  }

  /** Accepted at once; the machine ends after the delete latency. @throws MachineNotFound */
  terminate(providerID: string): void {
    const machine = this.#machines.get(providerID);
    if (machine === undefined) throw new MachineNotFound(`machine ${providerID} does not exist`);
    this.assertServes(machine.nodeClass);
    if (machine.state === "terminating") return;
    this.#record("delete", machine, machine.instanceType);
    this.#end(machine, this.faultsOf(machine.nodeClass).deleteLatency ?? milliseconds(0));
  }

  /** The cloud takes a machine back without being asked, as it does with spot machines or broken ones. */
  reclaim(providerID: string): void {
    const machine = this.#machines.get(providerID);
    if (machine === undefined || machine.state === "terminating") return;
    this.#record("reclaim", machine, machine.capacityType);
    this.#end(machine, milliseconds(0));
  }

  #refuse(order: MachineOrder, faults: SimulatedFaults): void {
    const { instanceType, zone, capacityType, claimUid } = order;
    const offering = `${instanceType}/${zone}/${capacityType}`;
    const refuse = (error: Error): never => {
      this.#records.push({ at: this.#clock.now(), action: "refuse", claimUid, detail: error.message });
      throw error;
    };
    if (this.#strikes(faults.errorRate))
      refuse(new Transient(`the simulated cloud answered 500 to ${order.claimName}`));
    if (faults.quota !== undefined && this.#machines.size >= faults.quota) {
      refuse(new QuotaExceeded(`the quota of ${faults.quota} machines is used up`, { scope: { level: "account" } }));
    }
    if (isOutOfStock(faults, order)) {
      const scope = { level: "type", name: instanceType, zone, capacityType } as const;
      refuse(new InsufficientCapacity(`the simulated cloud is out of ${offering}`, { scope }));
    }
  }

  #make({ node, ...order }: MachineOrder): SimulatedMachine {
    const nodeName = `kwok-${order.claimName}-${++this.#made}`;
    const providerID = `kwok://${nodeName}`;
    const machine: SimulatedMachine = {
      ...order,
      providerID,
      nodeName,
      createdAt: this.#clock.now(),
      state: "booting",
      node: node({ nodeName, providerID }),
    };
    this.#machines.set(providerID, machine);
    this.#record("create", machine, `${order.instanceType}/${order.zone}/${order.capacityType}`);
    return machine;
  }

  #boot(machine: SimulatedMachine, faults: SimulatedFaults): void {
    if (faults.neverRegisters === true) return;
    const delay = machine.registrationDelay + (faults.registrationDelay ?? 0);
    this.#later(machine, delay, async () => {
      await this.#hooks?.nodeJoins(machine.node);
      // Deleted while its kubelet was registering: the Node must not stay behind.
      if (!this.#lives(machine)) return this.#hooks?.nodeLeaves(machine.nodeName);
      this.#machines.set(machine.providerID, { ...machine, state: "running" });
      if (faults.neverReady === true) return;
      this.#later(machine, faults.readyDelay ?? READY_DELAY, async () => this.#hooks?.nodeReady(machine.nodeName));
    });
  }

  #end(machine: SimulatedMachine, latency: Duration): void {
    const ending: SimulatedMachine = { ...machine, state: "terminating" };
    this.#machines.set(machine.providerID, ending);
    const end = async (): Promise<void> => {
      this.#machines.delete(machine.providerID);
      this.#record("gone", machine, machine.instanceType);
      await this.#hooks?.nodeLeaves(machine.nodeName);
    };
    if (latency <= 0) void end().catch(this.#onError);
    else this.#clock.schedule(this.#clock.now() + latency, () => void end().catch(this.#onError));
  }

  /** Unless the machine has been deleted meanwhile. */
  #later(machine: SimulatedMachine, delay: number, step: () => Promise<void>): void {
    this.#clock.schedule(this.#clock.now() + delay, () => {
      if (this.#lives(machine)) void step().catch(this.#onError);
    });
  }

  #lives(machine: SimulatedMachine): boolean {
    const now = this.#machines.get(machine.providerID);
    return now !== undefined && now.state !== "terminating";
  }

  #strikes(rate = 0): boolean {
    return rate > 0 && this.#random() < rate;
  }

  #record(action: CloudRecord["action"], machine: SimulatedMachine, detail: string): void {
    const { claimUid, providerID } = machine;
    this.#records.push({ at: this.#clock.now(), action, claimUid, providerID, detail });
  }
}
