// A complete provider for a tiny cloud: what must outlast the process stands in the cloud.

import { CapacityType, isConditionTrue, Label } from "@karpenter-multicloud/core/api";
import type { GroupKind, NodeClaim, NodePool } from "@karpenter-multicloud/core/api";
import type { Environment, Ports, ProviderFactory } from "@karpenter-multicloud/core/controllers";
import {
  allocatableOf,
  CreateFailed,
  hasCode,
  InsufficientCapacity,
  LaunchPending,
  MachineNotFound,
  NodeClassNotReady,
  overlaidRank,
  requirementsOfClaim,
  type CallContext,
  type CloudProvider,
  type InstanceType,
  type InstanceTypes,
  type Offering,
  type ProviderSettings,
  type RepairPolicy,
} from "@karpenter-multicloud/core/provider";
import {
  compareRates,
  compareText,
  fits,
  minutes,
  requestsFrom,
  seconds,
  toResourceList,
} from "@karpenter-multicloud/core/units";
import { instanceTypes } from "./catalog.ts";
import { TinyClient, type TinyMachine } from "./client.ts";
import {
  readinessController,
  TINY_CUSTOM_RESOURCES,
  TINY_GROUP,
  TINY_NODE_CLASS,
  TinyNodeClasses,
  type TinyNodeClass,
} from "./node-class.ts";

const ID_PREFIX = "tiny://";
const IMAGE = `${TINY_GROUP}/image`;
const POLL = seconds(10);
const SOLD_OUT_FOR = minutes(3);

interface Choice {
  readonly type: InstanceType;
  readonly offering: Offering;
  readonly zone: string;
}

export class TinyProvider implements CloudProvider {
  readonly name = "tiny";
  readonly #ports: Ports;
  readonly #client: TinyClient;
  /** Two callers at once are one request. */
  readonly #removals = new Map<string, Promise<void>>();

  constructor(ports: Ports, client: TinyClient) {
    this.#ports = ports;
    this.#client = client;
    ports.cache.informer(TinyNodeClasses);
  }

  async create(claim: NodeClaim, { signal }: CallContext): Promise<NodeClaim> {
    const { name = "", uid = "" } = claim.metadata;
    const nodeClass = this.#readyClass(claim.spec.nodeClassRef.name);
    const types = await this.#types(signal);
    const known = (await this.#machines(signal)).find((machine) => machine.token === uid);
    const machine = known ?? (await this.#launch(claim, nodeClass, types, signal));
    if (machine.status === "running") return launched(claim, machine, types);
    if (machine.status === "booting") {
      throw new LaunchPending(`machine ${machine.id} of nodeclaim ${name} boots`, { retryAfter: POLL });
    }
    if (machine.status === "failed") await this.#client.remove(machine.id, signal);
    throw new CreateFailed(
      `machine ${machine.id} of nodeclaim ${name} is ${machine.status}: ${machine.failure ?? ""}`,
      {
        conditionReason: "BootFailed",
      },
    );
  }

  async delete(claim: NodeClaim, { signal }: CallContext): Promise<void> {
    const id = machineId(claim.status?.providerID);
    const underWay = this.#removals.get(id);
    if (underWay !== undefined) return await underWay;
    const removal = this.#remove(id, signal).finally(() => this.#removals.delete(id));
    this.#removals.set(id, removal);
    await removal;
  }

  async get(providerID: string, { signal }: CallContext): Promise<NodeClaim> {
    const machine = await this.#client.machine(machineId(providerID), signal);
    this.#requireOurs(machine);
    if (machine.status === "stopping") throw new MachineNotFound(`machine ${machine.id} is stopping`);
    return described(machine, await this.#types(signal));
  }

  async list({ signal }: CallContext): Promise<readonly NodeClaim[]> {
    const types = await this.#types(signal);
    const machines = await this.#machines(signal);
    return machines.filter(({ status }) => status !== "stopping").map((machine) => described(machine, types));
  }

  async getInstanceTypes(_pool: NodePool, { signal }: CallContext): Promise<InstanceTypes> {
    const { unavailable } = this.#ports;
    const types = await this.#client.types(signal);
    return { version: `${JSON.stringify(types)}/${unavailable.version}`, items: instanceTypes(types, unavailable) };
  }

  async isDrifted(claim: NodeClaim, { signal }: CallContext): Promise<string> {
    const { image } = await this.#client.machine(machineId(claim.status?.providerID), signal);
    const nodeClass = this.#class(claim.spec.nodeClassRef.name);
    return nodeClass !== undefined && nodeClass.spec.image !== image ? "ImageDrift" : "";
  }

  repairPolicies(): readonly RepairPolicy[] {
    return (["False", "Unknown"] as const).map((conditionStatus) => ({
      conditionType: "Ready",
      conditionStatus,
      tolerationDuration: minutes(10),
    }));
  }

  supportedNodeClasses(): readonly GroupKind[] {
    return [TINY_NODE_CLASS];
  }

  settings(): ProviderSettings {
    return { restrictedDomains: [TINY_GROUP] };
  }

  /** From the cheapest up. What is sold out is remembered; anything else ends the attempt. */
  async #launch(
    claim: NodeClaim,
    nodeClass: TinyNodeClass,
    types: readonly InstanceType[],
    signal: AbortSignal,
  ): Promise<TinyMachine> {
    const { name = "", uid = "" } = claim.metadata;
    const { clusterName: cluster } = this.#ports.settings;
    let last: unknown;
    let scope: InsufficientCapacity["scope"];
    for (const { type, zone } of choicesFor(claim, types, this.settings())) {
      const order = { type: type.name, zone, image: nodeClass.spec.image, cluster, claim: name, token: uid };
      try {
        return await this.#client.order(order, signal);
      } catch (error) {
        if (!hasCode(error, "PROVIDER_INSUFFICIENT_CAPACITY")) throw error;
        last = error;
        scope = { level: "type", name: type.name, zone };
        this.#ports.unavailable.mark({ instanceType: type.name, zone }, "OutOfStock", SOLD_OUT_FOR);
      }
    }
    throw new InsufficientCapacity(`nothing is left that nodeclaim ${name} could use`, {
      cause: last,
      ...(scope === undefined ? {} : { scope }),
    });
  }

  async #remove(id: string, signal: AbortSignal): Promise<void> {
    const machine = await this.#client.machine(id, signal);
    this.#requireOurs(machine);
    if (machine.status !== "stopping") await this.#client.remove(machine.id, signal);
  }

  async #types(signal: AbortSignal): Promise<readonly InstanceType[]> {
    return instanceTypes(await this.#client.types(signal), this.#ports.unavailable);
  }

  #machines(signal: AbortSignal): Promise<readonly TinyMachine[]> {
    return this.#client.machines(this.#ports.settings.clusterName, signal);
  }

  #class(name: string): TinyNodeClass | undefined {
    return this.#ports.cache.informer(TinyNodeClasses).get({ name });
  }

  #readyClass(name: string): TinyNodeClass {
    const nodeClass = this.#class(name);
    if (nodeClass !== undefined && isConditionTrue(nodeClass, "Ready")) return nodeClass;
    throw new NodeClassNotReady(`${TINY_NODE_CLASS.kind} ${name} is not ready`);
  }

  #requireOurs({ id, cluster }: TinyMachine): void {
    if (cluster !== this.#ports.settings.clusterName)
      throw new MachineNotFound(`machine ${id} is of cluster ${cluster}`);
  }
}

function choicesFor(claim: NodeClaim, types: readonly InstanceType[], settings: ProviderSettings): readonly Choice[] {
  const wanted = requirementsOfClaim(claim, settings);
  const requests = requestsFrom(claim.spec.resources?.requests);
  const rank = overlaidRank(claim);
  return types
    .filter((type) => wanted.overlaps(type.requirements) && fits(requests, allocatableOf(type)))
    .flatMap((type) =>
      type.offerings
        .filter(({ availability, requirements }) => availability.available && wanted.overlaps(requirements))
        .map((offering) => ({ type, offering, zone: offering.requirements.get(Label.Zone).any() })),
    )
    .sort(
      (a, b) =>
        rank(a.type.name) - rank(b.type.name) ||
        compareRates(a.offering.price, b.offering.price) ||
        compareText(`${a.type.name}/${a.zone}`, `${b.type.name}/${b.zone}`),
    );
}

function machineId(providerID = ""): string {
  return encodeURIComponent(providerID.slice(ID_PREFIX.length)) || "none";
}

/** What create answers: the claim itself, and what became of it. */
function launched(claim: NodeClaim, machine: TinyMachine, types: readonly InstanceType[]): NodeClaim {
  const { metadata, status } = described(machine, types);
  const labels = { ...claim.metadata.labels, ...metadata.labels };
  return { ...claim, metadata: { ...claim.metadata, labels }, status: { ...claim.status, ...status } };
}

/** What the cloud alone knows of a machine. */
function described(machine: TinyMachine, types: readonly InstanceType[]): NodeClaim {
  const type = types.find(({ name }) => name === machine.type);
  const labels = {
    [Label.InstanceType]: machine.type,
    [Label.Zone]: machine.zone,
    [Label.CapacityType]: CapacityType.OnDemand,
    [Label.Arch]: "amd64",
    [Label.Os]: "linux",
  };
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodeClaim",
    metadata: {
      name: machine.claim,
      creationTimestamp: machine.createdAt,
      labels,
      annotations: { [IMAGE]: machine.image },
    },
    spec: { nodeClassRef: { ...TINY_NODE_CLASS, name: "" }, requirements: [] },
    status: {
      providerID: `${ID_PREFIX}${machine.id}`,
      imageID: machine.image,
      ...(type === undefined
        ? {}
        : { capacity: toResourceList(type.capacity), allocatable: toResourceList(allocatableOf(type)) }),
    },
  };
}

export const tinyProviderFactory: ProviderFactory = {
  name: "tiny",
  customResources: TINY_CUSTOM_RESOURCES,
  build(ports: Ports, env: Environment) {
    const client = new TinyClient(env["TINY_URL"] ?? "https://api.tiny.example", ports);
    return { provider: new TinyProvider(ports, client), controllers: [readinessController(ports)] };
  },
};
