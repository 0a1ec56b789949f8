// The provider "simulated": core's contract over the simulated cloud (SIM-8 to SIM-10).

import { getCondition } from "@karpenter-multicloud/core/api";
import type { GroupKind, NodeClaim } from "@karpenter-multicloud/core/api";
import type { BuiltProvider, Ports, ProviderFactory } from "@karpenter-multicloud/core/controllers";
import { isNotFound } from "@karpenter-multicloud/core/kube";
import {
  findProviderError,
  InsufficientCapacity,
  keysOfScope,
  MachineNotFound,
  NodeClassNotReady,
  requirementsOfClaim,
} from "@karpenter-multicloud/core/provider";
import type {
  CallContext,
  CloudProvider,
  InstanceType,
  InstanceTypes,
  ProviderSettings,
  RepairPolicy,
} from "@karpenter-multicloud/core/provider";
import { minutes, parseDuration } from "@karpenter-multicloud/core/units";
import type { Duration } from "@karpenter-multicloud/core/units";
import { SIMULATED_CATALOG, SimulatedLabel } from "./catalog.ts";
import { offeringKeys } from "./catalog-file.ts";
import { choicesFor, nameOf } from "./choose-offering.ts";
import type { Choice } from "./choose-offering.ts";
import { claimOf, launched, nodeOf } from "./machine-objects.ts";
import { KWOK_GROUP, KWOK_NODE_CLASS, KwokNodeClasses, SIMULATED_CUSTOM_RESOURCES } from "./node-class.ts";
import { OfferedTypes } from "./offered-types.ts";
import type { SimulatedCloud, SimulatedMachine } from "./simulated-cloud.ts";

export interface SimulatedProviderOptions {
  /** @defaultValue SIMULATED_CATALOG */
  readonly catalog?: readonly InstanceType[];
  /** Older spellings of labels and values. @defaultValue Karpenter's own only */
  readonly spellings?: Pick<ProviderSettings, "normalizedLabels" | "normalizedValues">;
}

/** How long a refused offering is left alone (LC-21). */
const REFUSED_FOR = minutes(3);
const REPAIR_AFTER = minutes(10);

export function createSimulatedProvider(
  ports: Ports,
  cloud: SimulatedCloud,
  options: SimulatedProviderOptions = {},
): BuiltProvider {
  return { provider: new SimulatedProvider(ports, cloud, options), controllers: [] };
}

/** For a process that chooses its provider by name. */
export function simulatedProviderFactory(
  cloud: SimulatedCloud,
  options: SimulatedProviderOptions = {},
): ProviderFactory {
  return {
    name: "simulated",
    customResources: SIMULATED_CUSTOM_RESOURCES,
    build: (ports) => createSimulatedProvider(ports, cloud, options),
  };
}

class SimulatedProvider implements CloudProvider {
  readonly name = "simulated";
  readonly #ports: Ports;
  readonly #cloud: SimulatedCloud;
  readonly #types: OfferedTypes;
  readonly #wellKnown: readonly string[];
  readonly #spellings: NonNullable<SimulatedProviderOptions["spellings"]>;

  constructor(ports: Ports, cloud: SimulatedCloud, options: SimulatedProviderOptions) {
    this.#ports = ports;
    this.#cloud = cloud;
    const { catalog = SIMULATED_CATALOG } = options;
    this.#types = new OfferedTypes(catalog, ports.unavailable);
    this.#wellKnown = [...Object.values(SimulatedLabel), ...offeringKeys(catalog)];
    this.#spellings = options.spellings ?? {};
  }

  async create(claim: NodeClaim, context: CallContext): Promise<NodeClaim> {
    const { name = "", uid = "" } = claim.metadata;
    const known = await this.#ask(() => this.#cloud.ofClaim(uid));
    if (known !== undefined) return launched(claim, known);
    const registrationDelay = await this.#registrationDelay(claim, context);
    const action = { target: "cloud", verb: "create", subject: `machine of NodeClaim ${name}` } as const;
    const machine = await this.#ports.gate.run(action, () => this.#launch(claim, registrationDelay));
    const latency = this.#cloud.faultsOf(claim.spec.nodeClassRef.name).createLatency;
    if (latency !== undefined) await this.#ports.clock.sleep(latency, { signal: context.signal });
    return launched(claim, machine);
  }

  async delete(claim: NodeClaim, _context: CallContext): Promise<void> {
    const providerID = claim.status?.providerID ?? "";
    const action = { target: "cloud", verb: "delete", subject: `machine ${providerID}` } as const;
    const machine = await this.#ask(() => this.#cloud.find(providerID));
    if (machine === undefined) throw new MachineNotFound(`machine ${providerID} does not exist`);
    await this.#ports.gate.run(action, () => this.#ask(() => this.#cloud.terminate(providerID)));
  }

  async get(providerID: string, _context: CallContext): Promise<NodeClaim> {
    return await this.#ask(() => {
      const machine = this.#cloud.find(providerID);
      if (machine === undefined || machine.state === "terminating") {
        throw new MachineNotFound(`machine ${providerID} does not exist or is terminating`);
      }
      this.#cloud.assertServes(machine.nodeClass);
      return claimOf(machine);
    });
  }

  async list(_context: CallContext): Promise<readonly NodeClaim[]> {
    const { clusterName } = this.#ports.settings;
    return await this.#ask(() => {
      this.#cloud.assertServes("");
      const machines = this.#cloud.machines();
      return machines.filter(({ cluster, state }) => cluster === clusterName && state !== "terminating").map(claimOf);
    });
  }

  async getInstanceTypes(): Promise<InstanceTypes> {
    return this.#types.current();
  }

  async isDrifted(): Promise<string> {
    return "";
  }

  repairPolicies(): readonly RepairPolicy[] {
    return (["False", "Unknown"] as const).map((conditionStatus) => ({
      conditionType: "Ready",
      conditionStatus,
      tolerationDuration: REPAIR_AFTER,
    }));
  }

  supportedNodeClasses(): readonly GroupKind[] {
    return [KWOK_NODE_CLASS];
  }

  settings(): ProviderSettings {
    return {
      wellKnownLabels: this.#wellKnown,
      restrictedDomains: [KWOK_GROUP],
      ...this.#spellings,
    };
  }

  /** The cloud is outside of the process, so each call of it is work the clock is told of. */
  #ask<T>(call: () => T): Promise<T> {
    return this.#ports.clock.during(async () => call());
  }

  /** From the cheapest up, past what is out of stock; what was refused is remembered. */
  async #launch(claim: NodeClaim, registrationDelay: Duration): Promise<SimulatedMachine> {
    const { name = "" } = claim.metadata;
    let refusal: unknown;
    for (const choice of choicesFor(claim, requirementsOfClaim(claim, this.#spellings), this.#types.current().items)) {
      try {
        return await this.#ask(() => this.#order(claim, choice, registrationDelay));
      } catch (error) {
        if (findProviderError(error)?.code !== "PROVIDER_INSUFFICIENT_CAPACITY") throw error;
        refusal = error;
        this.#remember(choice, error);
      }
    }
    throw new InsufficientCapacity(`no offering is left for ${name}`, { cause: refusal });
  }

  #order(claim: NodeClaim, choice: Choice, registrationDelay: Duration): SimulatedMachine {
    return this.#cloud.order({
      cluster: this.#ports.settings.clusterName,
      nodeClass: claim.spec.nodeClassRef.name,
      claimName: claim.metadata.name ?? "",
      claimUid: claim.metadata.uid ?? "",
      instanceType: choice.type.name,
      zone: choice.zone,
      capacityType: choice.capacityType,
      price: choice.offering.price,
      registrationDelay,
      node: (identity) => nodeOf(claim, requirementsOfClaim(claim, this.#spellings), choice, identity),
    });
  }

  #remember(choice: Choice, error: unknown): void {
    const { type, zone, capacityType } = choice;
    const scope = findProviderError(error)?.scope;
    const told = scope === undefined ? [] : keysOfScope(scope);
    // What no key can express is at least not asked for again.
    for (const key of told.length > 0 ? told : [{ instanceType: type.name, zone, capacityType }]) {
      this.#ports.unavailable.mark(key, "InsufficientCapacity", REFUSED_FOR);
    }
    this.#ports.logger.debug("offering is out of stock", { offering: nameOf(choice) });
  }

  async #registrationDelay(claim: NodeClaim, { signal }: CallContext): Promise<Duration> {
    const { name } = claim.spec.nodeClassRef;
    try {
      const nodeClass = await this.#ports.kube.get(KwokNodeClasses, { name }, { signal });
      if (getCondition(nodeClass, "Ready")?.status === "False") {
        throw new NodeClassNotReady(`KWOKNodeClass ${name} is not ready`);
      }
      return parseDuration(nodeClass.spec?.nodeRegistrationDelay ?? "0s");
    } catch (error) {
      if (!isNotFound(error)) throw error;
      throw new InsufficientCapacity(`KWOKNodeClass ${name} does not exist`, { cause: error });
    }
  }
}
