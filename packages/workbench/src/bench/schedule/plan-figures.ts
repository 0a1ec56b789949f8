// What a plan amounts to: machines, money, pods without a place.

import type { Solution } from "@karpenter-multicloud/core/scheduling";
import { sumRates } from "@karpenter-multicloud/core/units";

export interface PlanFigures {
  /** Machines to buy. */
  readonly nodes: number;
  /** Of the cheapest offerings together; absent when one of them has no price. */
  readonly pricePerHour?: number;
  readonly placed: number;
  readonly unplaced: number;
}

export function planFigures({ newClaims, existing, failures, deferred }: Solution): PlanFigures {
  const price = newClaims.length === 0 ? 0 : sumRates(newClaims.map(({ cheapest }) => cheapest.offering.price))?.amount;
  const places = [...newClaims, ...existing];
  return {
    nodes: newClaims.length,
    ...(price !== undefined && { pricePerHour: price }),
    placed: places.reduce((sum, { pods }) => sum + pods.length, 0),
    unplaced: failures.length + deferred.length,
  };
}
