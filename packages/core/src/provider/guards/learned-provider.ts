// A cloud seen with what its machines turned out to be: types are as large as machines of theirs were, slow ones are waited for.

import { Label, type NodeClaim, type NodeClassRef } from "../../api/index.ts";
import {
  allocatableFrom,
  hours,
  requestsFrom,
  toResourceList,
  type Duration,
  type Resources,
} from "../../units/index.ts";
import type { CloudProvider, InstanceTypes, MachineTimeouts } from "../cloud-provider.ts";
import type { InstanceType } from "../instance-type.ts";
import { allocatableOf } from "../matching-types.ts";
import type { LearnedMachines, MachineSize, Spread } from "./learned-machines.ts";
import { LEARNED_RESOURCES, type MachineKind } from "./learned-record.ts";

/** What counts where the provider says nothing; 0 and infinite mean no limit. */
export interface FlagTimeouts {
  readonly registrationTimeout: Duration;
  readonly initializationTimeout: Duration;
}

/** What more of may be believed; more than that much more is not a type's size, but a mistake. */
const MAY_GROW = ["ephemeral-storage", "memory"] as const;
const MOST_GROWTH = 1.25;
/** One machine may be odd. */
const MACHINES_TO_GROW = 2;
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
  /** As the provider lists them; none before it was asked. */
  const promisesFor = ({ spec: { nodeClassRef } }: NodeClaim): readonly InstanceType[] =>
    lists.get(kindOfMachine(nodeClassRef, "").nodeClass)?.from.items ?? [];
  const own: Pick<Required<CloudProvider>, "create" | "getInstanceTypes" | "timeouts"> = {
    async create(claim, context) {
      const types = promisesFor(claim);
      return asLearned(await provider.create(asPromised(claim, types, learned), context), types, learned);
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
    return size === undefined ? type : asSeen(type, size, seenOf(type, nodeClass, learned));
  });
  if (items.every((type, index) => type === types.items[index])) return types;
  return { version: `${types.version}, learned ${learned.version}`, items };
}

/** Where machines differ from what their type promises: less always counts, more when two of them had it (O-19). */
function seenOf(type: InstanceType, nodeClass: NodeClassRef, learned: LearnedMachines): Resources {
  const kind = kindOfMachine(nodeClass, type.name);
  const { allocatable = {} } = learned.size(kind) ?? {};
  const mayGrow = (learned.bootTimes(kind)?.machines ?? 0) >= MACHINES_TO_GROW;
  const promised = withoutHugePages(type);
  const differs = (name: (typeof LEARNED_RESOURCES)[number]): boolean => {
    const [seen, had] = [allocatable[name], promised[name] ?? 0];
    if (seen === undefined || seen === had) return false;
    return seen < had || (mayGrow && MAY_GROW.some((each) => each === name) && seen <= had * MOST_GROWTH);
  };
  return Object.fromEntries(LEARNED_RESOURCES.filter(differs).map((name) => [name, allocatable[name] ?? 0]));
}

/** S-502 then gives what was seen. A type whose offerings differ in size is left alone: machines do not tell which one they are. */
function asSeen(type: InstanceType, size: MachineSize, seen: Resources): InstanceType {
  if (type.offerings.some(({ capacityOverride, overheadOverride }) => capacityOverride ?? overheadOverride))
    return type;
  const names = Object.keys(seen);
  if (names.length === 0) return type;
  const promised = withoutHugePages(type);
  const capacity: Record<string, number> = { ...type.capacity };
  const kubeReserved: Record<string, number> = { ...type.overhead.kubeReserved };
  const systemReserved: Record<string, number> = { ...type.overhead.systemReserved };
  const evictionThreshold: Record<string, number> = { ...type.overhead.evictionThreshold };
  for (const name of names) {
    const usable = seen[name] ?? 0;
    const whole = size.capacity[name] ?? 0;
    const grows = usable > (promised[name] ?? 0);
    const huge = name === "memory" ? hugePagesOf(type) : 0;
    const has = Math.max(usable + (grows ? huge : 0), grows ? whole : Math.min(capacity[name] ?? 0, whole));
    capacity[name] = has;
    kubeReserved[name] = Math.max(0, has - huge - usable);
    systemReserved[name] = 0;
    evictionThreshold[name] = 0;
  }
  return { ...type, capacity, overhead: { kubeReserved, systemReserved, evictionThreshold } };
}

/**
 * A provider compares what a claim asks for with what its own types promise. The plan has listed only types that are large
 * enough as they were seen, so where these are larger than promised the claim asks for no more than the promise.
 */
function asPromised(claim: NodeClaim, types: readonly InstanceType[], learned: LearnedMachines): NodeClaim {
  const { requirements, nodeClassRef, resources } = claim.spec;
  const listed =
    requirements.find(({ key, operator }) => key === Label.InstanceType && operator === "In")?.values ?? [];
  const asked = requestsFrom(resources?.requests);
  const lowered: Record<string, number> = {};
  for (const type of types.filter(({ name }) => listed.includes(name))) {
    const promised = withoutHugePages(type);
    const seen = seenOf(type, nodeClassRef, learned);
    for (const name of MAY_GROW) {
      const [had, most] = [promised[name] ?? 0, lowered[name] ?? asked[name] ?? 0];
      if ((seen[name] ?? 0) > had && most > had) lowered[name] = had;
    }
  }
  if (Object.keys(lowered).length === 0) return claim;
  const requests = { ...resources?.requests, ...toResourceList(lowered) };
  return { ...claim, spec: { ...claim.spec, resources: { ...resources, requests } } };
}

function withoutHugePages(type: InstanceType): Resources {
  const left = allocatableOf(type);
  return { ...left, memory: (left["memory"] ?? 0) - hugePagesOf(type) };
}

function hugePagesOf({ capacity }: InstanceType): number {
  return Object.entries(capacity).reduce(
    (sum, [name, amount]) => (name.startsWith("hugepages-") ? sum + amount : sum),
    0,
  );
}

/** What the claim promises until its Node tells (S-218). */
function asLearned(machine: NodeClaim, types: readonly InstanceType[], learned: LearnedMachines): NodeClaim {
  const name = machine.metadata.labels?.[Label.InstanceType];
  const promised = machine.status?.allocatable;
  if (name === undefined || promised === undefined) return machine;
  const ref = machine.spec.nodeClassRef;
  const type = types.find((each) => each.name === name);
  const seen = type === undefined ? learned.size(kindOfMachine(ref, name))?.allocatable : seenOf(type, ref, learned);
  const amounts = allocatableFrom(promised);
  // Of a type that is not listed, what was seen only ever takes away.
  const known = Object.entries(seen ?? {}).filter(([each, amount]) =>
    type === undefined ? amount < (amounts[each] ?? 0) : amount !== amounts[each] && amounts[each] !== undefined,
  );
  if (known.length === 0) return machine;
  const allocatable = { ...promised, ...toResourceList(Object.fromEntries(known)) };
  return { ...machine, status: { ...machine.status, allocatable } };
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
