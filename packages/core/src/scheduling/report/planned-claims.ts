// The claims of a packing as NodeClaims to create: many are alike but for their pods, so each kind is worked out once (S-519).

import { Label } from "../../api/index.ts";
import type { Pod } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import { Requirement } from "../../requirements/index.ts";
import type { Requirements } from "../../requirements/index.ts";
import { addResources, minCommonResources } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import { bitsFor, firstBit, intersectInto, overlap } from "../compile/bits.ts";
import type { Bits } from "../compile/bits.ts";
import { typesIn } from "../compile/option-table.ts";
import { groupsIn } from "../compile/pool-table.ts";
import type { PoolTable } from "../compile/pool-table.ts";
import type { Steps } from "../compile/steps.ts";
import type { Packer } from "../pack/packer.ts";
import { withReservations } from "../placement/listing.ts";
import { INTERNAL_KEYS, labelsOf, plannedClaim } from "../plan-claims.ts";
import type { PlannedClaim } from "../solution.ts";

/** All of a claim but its pods and what they request. */
interface Kind extends Omit<PlannedClaim, "pods" | "requests"> {
  readonly overhead: Resources;
}

const NOTHING = bitsFor(0);
/** Claims of a kind nobody has met yet take longest, so pauses come often. */
const BETWEEN_PAUSES = 8;

export function* plannedClaims(packer: Packer): Steps<readonly PlannedClaim[]> {
  const kinds = new Kinds(packer);
  const claims: PlannedClaim[] = [];
  for (let claim = 0; claim < packer.claims.count; claim++) {
    if (claim % BETWEEN_PAUSES === BETWEEN_PAUSES - 1) yield;
    const made = planned(packer, claim, kinds);
    if (made !== undefined) claims.push(made);
  }
  return claims;
}

function planned(packer: Packer, claim: number, kinds: Kinds): PlannedClaim | undefined {
  const { claims, problem, rules } = packer;
  const pool = claims.poolOf(claim);
  const options = claims.options[claim];
  if (pool === undefined || options === undefined) return undefined;
  const pods = (claims.pods[claim] ?? []).map((pod) => problem.pods[pod]).filter(isPod);
  const requests = requestsOf(packer, claim);
  const requirements = claims.requirements[claim] ?? 0;
  const reservations = claims.reservations[claim] ?? [];
  const couldReserve = rules.reservationIdLabel !== undefined && problem.reservedTypes.length > 0;
  if (pool.hasMinValues || reservations.length > 0 || couldReserve) {
    const state = {
      requirements: problem.book.get(requirements),
      groups: groupsIn(pool, options),
      requests,
      reservations,
    };
    return plannedClaim({ ...state, template: pool.template, podObjects: pods }, rules, problem.input);
  }
  const { overhead, ...kind } = kinds.of(pool, requirements, options);
  return { ...kind, requests: addResources(requests, overhead), pods };
}

function requestsOf({ claims, problem }: Packer, claim: number): Resources {
  const requests: Record<string, number> = {};
  for (const [resource, name] of problem.resources.entries()) {
    const sum = claims.sums[resource]?.[claim] ?? 0;
    if (sum !== 0) requests[name] = sum;
  }
  return requests;
}

class Kinds {
  readonly #packer: Packer;
  readonly #known = new Map<
    number,
    { readonly pool: number; readonly requirements: number; readonly options: Bits; readonly kind: Kind }[]
  >();

  constructor(packer: Packer) {
    this.#packer = packer;
  }

  of(pool: PoolTable, requirements: number, options: Bits): Kind {
    const hash = hashOf(options) ^ Math.imul(requirements, 0x9e3779b1);
    const alike = this.#known.get(hash) ?? [];
    const known = alike.find(
      (each) => each.pool === pool.index && each.requirements === requirements && isSame(each.options, options),
    );
    if (known !== undefined) return known.kind;
    const kind = this.#make(pool, requirements, options);
    this.#known.set(hash, [...alike, { pool: pool.index, requirements, options, kind }]);
    return kind;
  }

  #make(pool: PoolTable, requirements: number, options: Bits): Kind {
    const { problem, rules } = this.#packer;
    const { template } = pool;
    const cheapest = pool.options.options[firstBit(options)];
    if (cheapest === undefined)
      throw new Error(`a claim of ${template.name} was planned that nothing could be bought for`);
    const types = typesIn(pool.options, options);
    const isWhole = types.length <= rules.maxInstanceTypes;
    const instanceTypes = isWhole ? types : types.slice(0, rules.maxInstanceTypes);
    const wanted = problem.book.get(requirements);
    const external = withReservations({ requirements: wanted, reservations: [] }, rules);
    const groups = template.groups.filter((_, group) => overlap(pool.options.index.byGroup[group] ?? NOTHING, options));
    return {
      nodePool: template.name,
      requirements: withCapacityTypes(external, pool, options, { listed: instanceTypes, isWhole }),
      labels: labelsOf({ template, requirements: wanted }, problem.input),
      instanceTypes,
      cheapest: { instanceType: cheapest.type, offering: cheapest.offering },
      minValuesRelaxed: false,
      overhead: minCommonResources(groups.map(({ overhead }) => overhead)),
    };
  }
}

/** The capacity types that the listed types really have; the zone only when something asks for one (S-521). */
function withCapacityTypes(
  requirements: Requirements,
  { options }: PoolTable,
  left: Bits,
  { listed, isWhole }: { readonly listed: readonly InstanceType[]; readonly isWhole: boolean },
): Requirements {
  const isListed = isWhole ? undefined : new Set(listed);
  const offered = options.index.byCapacityType.filter(({ options: those }) => {
    if (isListed === undefined) return overlap(those, left);
    const both = left.slice();
    intersectInto(both, those);
    return typesIn(options, both).some((type) => isListed.has(type));
  });
  const external = requirements.without(...INTERNAL_KEYS);
  if (offered.length === 0) return external;
  const names = offered.map(({ name }) => name);
  return external.with(Requirement.of(Label.CapacityType, "In", names));
}

function hashOf(bits: Bits): number {
  let hash = 0;
  for (let word = 0; word < bits.length; word++) hash = Math.imul(hash ^ (bits[word] ?? 0), 0x85ebca6b) ^ (hash >>> 13);
  return hash;
}

function isSame(a: Bits, b: Bits): boolean {
  for (let word = 0; word < a.length; word++) if (a[word] !== b[word]) return false;
  return true;
}

function isPod(pod: Pod | undefined): pod is Pod {
  return pod !== undefined;
}
