// A cloud seen with what its machines turned out to be: types are never larger than machines of theirs were, slow ones are waited for.

import { Label, type NodeClaim, type NodeClassRef } from "../../api/index.ts";
import {
  allocatableFrom,
  hours,
  subtractResources,
  addResources,
  toResourceList,
  type Duration,
  type Resources,
} from "../../units/index.ts";
import type { CloudProvider, InstanceTypes, MachineTimeouts } from "../cloud-provider.ts";
import type { InstanceType } from "../instance-type.ts";
import type { LearnedMachines, MachineSize, Spread } from "./learned-machines.ts";
import { LEARNED_RESOURCES, type MachineKind } from "./learned-record.ts";

/** What counts where the provider says nothing; 0 and infinite mean no limit. */
export interface FlagTimeouts {
  readonly registrationTimeout: Duration;
  readonly initializationTimeout: Duration;
}

/** However slow machines were, nobody waits longer than this because of it. */
const LONGEST_WAIT: Duration = hours(2);

export function kindOfMachine(nodeClass: NodeClassRef, instanceType: string): MachineKind {
  return { nodeClass: `${nodeClass.group}/${nodeClass.kind}/${nodeClass.name}`, instanceType };
}

/** Everything else is the provider's own. */
export function learnedProvider(provider: CloudProvider, learned: LearnedMachines, flags: FlagTimeouts): CloudProvider {
  const lists = new Map<
    string,
    { readonly from: InstanceTypes; readonly learned: number; readonly to: InstanceTypes }
  >();
  const own: Pick<Required<CloudProvider>, "create" | "getInstanceTypes" | "timeouts"> = {
    async create(claim, context) {
      return asLearned(await provider.create(claim, context), learned);
    },
    async getInstanceTypes(pool, context) {
      const from = await provider.getInstanceTypes(pool, context);
      const ref = pool.spec.template.spec.nodeClassRef;
      const { nodeClass } = kindOfMachine(ref, "");
      const known = lists.get(nodeClass);
      const { version } = learned;
      if (known?.learned === version && known.from.items === from.items && known.from.version === from.version) {
        return known.to;
      }
      const to = narrowed(from, learned, ref);
      lists.set(nodeClass, { from, learned: version, to });
      return to;
    },
    timeouts: (claim) => patient(provider.timeouts?.(claim) ?? {}, learned, flags, claim),
  };
  return new Proxy(provider, {
    get(target, name) {
      if (Object.hasOwn(own, name)) return own[name as keyof typeof own];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

function narrowed(types: InstanceTypes, learned: LearnedMachines, nodeClass: NodeClassRef): InstanceTypes {
  const items = types.items.map((type) => {
    const size = learned.size(kindOfMachine(nodeClass, type.name));
    return size === undefined ? type : atMost(type, size);
  });
  if (items.every((type, index) => type === types.items[index])) return types;
  return { version: `${types.version}, learned ${learned.version}`, items };
}

/** S-502 then gives what was seen. A type whose offerings differ in size is left alone: machines do not tell which one they are. */
function atMost(type: InstanceType, size: MachineSize): InstanceType {
  if (type.offerings.some(({ capacityOverride, overheadOverride }) => capacityOverride ?? overheadOverride))
    return type;
  const promised = allocatableOf(type);
  const smaller = LEARNED_RESOURCES.filter((name) => (size.allocatable[name] ?? Infinity) < (promised[name] ?? 0));
  if (smaller.length === 0) return type;
  const capacity: Record<string, number> = { ...type.capacity };
  const kubeReserved: Record<string, number> = { ...type.overhead.kubeReserved };
  const systemReserved: Record<string, number> = { ...type.overhead.systemReserved };
  const evictionThreshold: Record<string, number> = { ...type.overhead.evictionThreshold };
  for (const name of smaller) {
    const usable = size.allocatable[name] ?? 0;
    const has = Math.max(usable, Math.min(capacity[name] ?? 0, size.capacity[name] ?? 0));
    const huge = name === "memory" ? hugePagesOf(type) : 0;
    capacity[name] = has;
    kubeReserved[name] = Math.max(0, has - huge - usable);
    systemReserved[name] = 0;
    evictionThreshold[name] = 0;
  }
  return { ...type, capacity, overhead: { kubeReserved, systemReserved, evictionThreshold } };
}

function allocatableOf(type: InstanceType): Resources {
  const { kubeReserved, systemReserved, evictionThreshold } = type.overhead;
  const left = subtractResources(type.capacity, addResources(kubeReserved, systemReserved, evictionThreshold));
  return { ...left, memory: (left["memory"] ?? 0) - hugePagesOf(type) };
}

function hugePagesOf({ capacity }: InstanceType): number {
  return Object.entries(capacity).reduce(
    (sum, [name, amount]) => (name.startsWith("hugepages-") ? sum + amount : sum),
    0,
  );
}

/** What the claim promises until its Node tells (S-218). */
function asLearned(machine: NodeClaim, learned: LearnedMachines): NodeClaim {
  const size = sizeOf(machine, learned);
  const promised = machine.status?.allocatable;
  if (size === undefined || promised === undefined) return machine;
  const amounts = allocatableFrom(promised);
  const smaller = LEARNED_RESOURCES.filter((name) => (size.allocatable[name] ?? Infinity) < (amounts[name] ?? 0));
  if (smaller.length === 0) return machine;
  const seen = Object.fromEntries(smaller.map((name) => [name, size.allocatable[name] ?? 0]));
  return { ...machine, status: { ...machine.status, allocatable: { ...promised, ...toResourceList(seen) } } };
}

function sizeOf({ metadata, spec }: NodeClaim, learned: LearnedMachines): MachineSize | undefined {
  const type = metadata.labels?.[Label.InstanceType];
  return type === undefined ? undefined : learned.size(kindOfMachine(spec.nodeClassRef, type));
}

/** Twice what nearly all machines needed; never less than without having learned. */
function patient(
  own: MachineTimeouts,
  learned: LearnedMachines,
  flags: FlagTimeouts,
  { metadata, spec }: NodeClaim,
): MachineTimeouts {
  const type = metadata.labels?.[Label.InstanceType];
  const times = type === undefined ? undefined : learned.bootTimes(kindOfMachine(spec.nodeClassRef, type));
  if (times === undefined) return own;
  const registration = longer(own.registration ?? flags.registrationTimeout, times.toRegistered);
  const initialization = longer(own.initialization ?? flags.initializationTimeout, times.registeredToInitialized);
  return {
    ...own,
    ...(registration !== undefined && { registration }),
    ...(initialization !== undefined && { initialization }),
  };
}

/** Undefined when the limit stays what it is. */
function longer(limit: Duration, { p95 }: Spread): Duration | undefined {
  const isLimit = limit > 0 && limit < Infinity;
  const wanted = Math.min(2 * p95, LONGEST_WAIT) as Duration;
  return isLimit && wanted > limit ? wanted : undefined;
}
