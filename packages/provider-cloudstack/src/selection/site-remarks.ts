// What works, and surprises people later: offerings that end their machines after some days, and networks that hand no user data on.

import type { Remark } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import { compareText } from "@karpenter-multicloud/core/units";

import type { ResolvedZone, SelectedOffering } from "./resolved-class.ts";

export function siteRemarks(offerings: readonly SelectedOffering[], zones: readonly ResolvedZone[]): readonly Remark[] {
  return [...leases(offerings), ...networksWithoutUserData(zones)];
}

/** Since 4.21: CloudStack stops or destroys the machine then, without a word to the cluster. */
function leases(offerings: readonly SelectedOffering[]): readonly Remark[] {
  return offerings.flatMap(({ offering: { name, leaseDays } }) => {
    if (leaseDays === undefined) return [];
    const message = `CloudStack ends machines of offering ${name} after ${leaseDays} days (its lease): let the NodePool's expireAfter come before that`;
    return [{ reason: "LeasedOffering", message }];
  });
}

/** A machine there boots without being told how to join, unless its template knows. */
function networksWithoutUserData(zones: readonly ResolvedZone[]): readonly Remark[] {
  const silent = zones.flatMap(({ name: zone, networks }) =>
    networks.filter(({ hasUserData }) => hasUserData === false).map(({ name }) => `${name} in ${zone}`),
  );
  if (silent.length === 0) return [];
  const message = `the network offering lacks the service UserData: machines on ${silent.toSorted(compareText).join(", ")} get no user data and do not join by themselves`;
  return [{ reason: "NetworkWithoutUserData", message }];
}
