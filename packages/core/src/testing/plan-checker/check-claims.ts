// Each machine to come: does its pool allow it, do its instance types exist and can they be bought, is the plan's price the best.

import type { InstanceType, Offering } from "../../provider/index.ts";
import type { PlannedClaim, ProblemInput } from "../../scheduling/index.ts";
import { asOfToday, surelyHolds } from "./label-rules.ts";
import type { Expression } from "./label-rules.ts";
import { isUsable, launchable } from "./place.ts";
import type { Place } from "./place.ts";
import { effectiveRequests, shortOf, total } from "./pod-needs.ts";
import type { ViolatedRule, Violation } from "./violation.ts";

const MOST_TYPES = 600;

export function checkClaim(place: Place, claim: PlannedClaim, input: ProblemInput): readonly Violation[] {
  const say = (rule: ViolatedRule, detail: string): Violation => ({ rule, place: place.name, detail });
  if (place.pool === undefined || !isUsable(place.pool)) return [say("PoolUnusable", claim.nodePool)];
  const short = shortOf(total(claim.pods.map(({ spec }) => effectiveRequests(spec))), claim.requests);
  return [
    ...(claim.pods.length === 0 ? [say("InstanceTypes", "a machine for nobody")] : []),
    ...short.map((resource) => say("Requests", `${resource} asked for is less than the pods need`)),
    ...typeFaults(claim, place.pool.instanceTypes, input).map((detail) => say("InstanceTypes", detail)),
    ...claim.instanceTypes
      .filter((type) => launchable(type, claim).length === 0)
      .map(({ name }) => say("Offerings", `${name} cannot be bought`)),
    ...poolFaults(place, input).map((detail) => say("Labels", detail)),
    ...minValueFaults(claim, place).map((detail) => say("MinValues", detail)),
    ...priceFaults(claim).map((detail) => say("Cheapest", detail)),
  ];
}

function typeFaults(claim: PlannedClaim, sold: readonly InstanceType[], input: ProblemInput): readonly string[] {
  const names = claim.instanceTypes.map(({ name }) => name);
  const faults = names.filter((name) => !sold.some((type) => type.name === name)).map((name) => `${name} is not sold`);
  if (names.length === 0) faults.push("no instance type");
  if (names.length > (input.maxInstanceTypes ?? MOST_TYPES)) faults.push(`${names.length} instance types are too many`);
  const twin = names.find((name, index) => names.indexOf(name) < index);
  if (twin !== undefined) faults.push(`${twin} is listed twice`);
  return faults;
}

/** What the NodePool says of its nodes holds for every shape, and so does what the claim itself asks for. */
function poolFaults({ pool, claim, shapes }: Place, { normalization }: ProblemInput): readonly string[] {
  const template = pool?.nodePool.spec.template;
  const labels = Object.entries(template?.metadata?.labels ?? {});
  const wanted: readonly Expression[] = [
    ...(template?.spec.requirements ?? []),
    ...labels.map(([key, value]) => ({ key, operator: "In", values: [value] })),
    ...(claim?.requirements.toSpecs() ?? []),
  ].map((each) => asOfToday(each, normalization));
  return shapes.flatMap((shape) =>
    wanted
      .filter((expression) => !surelyHolds(expression, shape.labels(expression.key)))
      .map(({ key, operator }) => `${shape.name} breaks ${key} ${operator}`),
  );
}

function minValueFaults({ instanceTypes }: PlannedClaim, { pool }: Place): readonly string[] {
  return (pool?.nodePool.spec.template.spec.requirements ?? []).flatMap(({ key, minValues }) => {
    if (minValues === undefined) return [];
    const values = new Set(
      instanceTypes.flatMap(({ requirements }) => {
        const own = requirements.get(key);
        return own.complement ? [] : [...own.values];
      }),
    );
    return values.size < minValues ? [`${values.size} of ${minValues} values of ${key}`] : [];
  });
}

function priceFaults(claim: PlannedClaim): readonly string[] {
  const { cheapest, instanceTypes } = claim;
  const faults: string[] = [];
  if (!instanceTypes.some(({ name }) => name === cheapest.instanceType.name))
    faults.push("of a type that is not listed");
  if (!launchable(cheapest.instanceType, claim).includes(cheapest.offering)) faults.push("cannot be bought");
  const prices = instanceTypes.map((type) => Math.min(...launchable(type, claim).map(amountOf)));
  if (prices.some((price) => price < amountOf(cheapest.offering))) faults.push("another one is cheaper");
  if (prices.some((price, index) => price < (prices[index - 1] ?? 0))) faults.push("instance types not in price order");
  return faults;
}

/** Without a price: after all others. */
function amountOf({ price }: Offering): number {
  return price?.amount ?? Infinity;
}
