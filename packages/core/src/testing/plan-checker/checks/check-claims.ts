// Each machine to come: does its pool allow it, do its instance types exist and can they be bought, is the plan's price the best.

import { Label } from "../../../api/index.ts";
import type { InstanceType, Offering } from "../../../provider/index.ts";
import type { PlannedClaim, ProblemInput } from "../../../scheduling/index.ts";
import { asOfToday, surelyHolds } from "../label-rules.ts";
import type { Expression } from "../label-rules.ts";
import { minValueFaults } from "./check-min-values.ts";
import { buyable } from "../offer.ts";
import type { Offer } from "../offer.ts";
import { isUsable, labelsAt } from "../place.ts";
import type { Place, Shape } from "../place.ts";
import { effectiveRequests, shortOf, total } from "../pod-needs.ts";
import type { ViolatedRule, Violation } from "../violation.ts";

const MOST_TYPES = 600;

export function checkClaim(place: Place, claim: PlannedClaim, input: ProblemInput): readonly Violation[] {
  const say = (rule: ViolatedRule, detail: string): Violation => ({ rule, place: place.name, detail });
  if (place.pool === undefined || !isUsable(place.pool)) return [say("PoolUnusable", claim.nodePool)];
  const short = shortOf(total(claim.pods.map(({ spec }) => effectiveRequests(spec))), claim.requests);
  return [
    ...(claim.pods.length === 0 ? [say("InstanceTypes", "a machine for nobody")] : []),
    ...short.map((resource) => say("Requests", `${resource} asked for is less than the pods need`)),
    ...typeFaults(claim, place.pool.instanceTypes, input).map((detail) => say("InstanceTypes", detail)),
    ...place.offers
      .filter((offer) => offer.buyable.length === 0 && !isTiedToReservations(claim, input))
      .map(({ type }) => say("Offerings", `${type.name} cannot be bought`)),
    ...poolFaults(place, input).map((detail) => say("Labels", detail)),
    ...minValueFaults(claim, place.pool, input).map((detail) => say("MinValues", detail)),
    ...priceFaults(claim, place.offers).map((detail) => say("Cheapest", detail)),
  ];
}

function typeFaults(claim: PlannedClaim, sold: readonly InstanceType[], input: ProblemInput): readonly string[] {
  const names = claim.instanceTypes.map(({ name }) => name);
  const known = new Set(sold.map(({ name }) => name));
  const faults = names.filter((name) => !known.has(name)).map((name) => `${name} is not sold`);
  if (names.length === 0) faults.push("no instance type");
  if (names.length > (input.maxInstanceTypes ?? MOST_TYPES)) faults.push(`${names.length} instance types are too many`);
  const seen = new Set<string>();
  const twin = names.find((name) => seen.size === seen.add(name).size);
  if (twin !== undefined) faults.push(`${twin} is listed twice`);
  return faults;
}

/** Claims that ask alike share their shapes, and these are made anew for each check. */
const known = new WeakMap<Shape, readonly string[]>();

/** What the NodePool says of its nodes holds for every shape, and so does what the claim itself asks for. */
function poolFaults(place: Place, { normalization }: ProblemInput): readonly string[] {
  const { pool, claim, shapes } = place;
  const template = pool?.nodePool.spec.template;
  const labels = Object.entries(template?.metadata?.labels ?? {});
  const wanted: readonly Expression[] = [
    ...(template?.spec.requirements ?? []),
    ...labels.map(([key, value]) => ({ key, operator: "In", values: [value] })),
    ...(claim?.requirements.toSpecs() ?? []),
  ].map((each) => asOfToday(each, normalization));
  const faultsOf = (shape: Shape): readonly string[] =>
    wanted
      .filter((expression) => !surelyHolds(expression, labelsAt(place, shape)(expression.key)))
      .map(({ key, operator }) => `${shape.name} breaks ${key} ${operator}`);
  if (wanted.some(({ key }) => key === Label.Hostname)) return shapes.flatMap(faultsOf);
  return shapes.flatMap((shape) => {
    const faults = known.get(shape) ?? faultsOf(shape);
    known.set(shape, faults);
    return faults;
  });
}

/** Types of which nothing is reserved may then stay listed, after all others. */
function isTiedToReservations({ requirements }: PlannedClaim, { reservationIdLabel }: ProblemInput): boolean {
  return reservationIdLabel !== undefined && requirements.has(reservationIdLabel);
}

function priceFaults(claim: PlannedClaim, offers: readonly Offer[]): readonly string[] {
  const { cheapest, instanceTypes } = claim;
  const faults: string[] = [];
  if (!instanceTypes.some(({ name }) => name === cheapest.instanceType.name))
    faults.push("of a type that is not listed");
  if (!buyable(cheapest.instanceType, claim).includes(cheapest.offering)) faults.push("cannot be bought");
  const prices = offers.map((offer) => Math.min(...offer.buyable.map(amountOf)));
  if (prices.some((price) => price < amountOf(cheapest.offering))) faults.push("another one is cheaper");
  if (prices.some((price, index) => price < (prices[index - 1] ?? 0))) faults.push("instance types not in price order");
  return faults;
}

/** Without a price: after all others. */
function amountOf({ price }: Offering): number {
  return price?.amount ?? Infinity;
}
