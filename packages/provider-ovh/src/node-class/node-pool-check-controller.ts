// ovh.nodepoolcheck: tells on a NodePool what it asks for and OVHcloud will never have: spot, zones of another region, flavors that are not sold (S-09, S-20).

import { isConditionTrue, Label, NodePools, READY } from "@karpenter-multicloud/core/api";
import type { NodePool } from "@karpenter-multicloud/core/api";
import type { EventRecorder, KubeCache } from "@karpenter-multicloud/core/kube";
import { matchesRequirements } from "@karpenter-multicloud/core/provider";
import type { InstanceTypes } from "@karpenter-multicloud/core/provider";
import { Requirements } from "@karpenter-multicloud/core/requirements";
import { onChange } from "@karpenter-multicloud/core/runtime";
import type { Controller } from "@karpenter-multicloud/core/runtime";
import { minutes } from "@karpenter-multicloud/core/units";

import { OVH_NODE_CLASS_KIND, OVHNodeClasses } from "../api/ovh-node-class.ts";
import type { OVHNodeClass } from "../api/ovh-node-class.ts";
import type { Situation } from "../catalog/instance-types.ts";
import { whyNoOffering } from "../catalog/why-no-offering.ts";
import { zoneAliases } from "../catalog/zone-aliases.ts";

const AGAIN = minutes(10);
const DEDUPE = minutes(60);

export interface NodePoolCheckParts {
  readonly cache: KubeCache;
  readonly events: EventRecorder;
  readonly situationOf: (nodeClass: OVHNodeClass) => Situation;
  readonly instanceTypes: (nodeClass: OVHNodeClass, signal: AbortSignal) => Promise<InstanceTypes>;
}

interface Remark {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

export function nodePoolCheckController(parts: NodePoolCheckParts): Controller {
  const pools = parts.cache.informer(NodePools);
  const classes = parts.cache.informer(OVHNodeClasses);
  const poolsOf = (className: string): readonly string[] =>
    pools.list().flatMap((pool) => (classNameOf(pool) === className ? [pool.metadata.name ?? ""] : []));
  const isReady = (nodeClass: OVHNodeClass): boolean => isConditionTrue(nodeClass, READY);
  return {
    name: "ovh.nodepoolcheck",
    triggers: [
      onChange(NodePools, ({ before, after }) =>
        after !== undefined && after.metadata.generation !== before?.metadata.generation
          ? [after.metadata.name ?? ""]
          : [],
      ),
      onChange(OVHNodeClasses, ({ before, after }) =>
        after !== undefined && isReady(after) && !(before !== undefined && isReady(before))
          ? poolsOf(after.metadata.name ?? "")
          : [],
      ),
    ],
    async reconcile(name, { signal }) {
      const pool = pools.get({ name });
      const nodeClass = pool && classes.get({ name: classNameOf(pool) ?? "" });
      // A class that is not ready says so itself, and comes again when it is.
      if (pool === undefined || nodeClass === undefined || !isReady(nodeClass)) return undefined;
      const situation = parts.situationOf(nodeClass);
      const { items } = await parts.instanceTypes(nodeClass, signal);
      for (const remark of remarksOn(pool, { types: items, situation })) {
        parts.events.publish({ resource: NodePools, object: pool, ...remark, dedupeFor: DEDUPE });
      }
      return { requeueAfter: AGAIN };
    },
  };
}

function classNameOf(pool: NodePool): string | undefined {
  const { group, kind, name } = pool.spec.template.spec.nodeClassRef;
  return group === OVH_NODE_CLASS_KIND.group && kind === OVH_NODE_CLASS_KIND.kind ? name : undefined;
}

function remarksOn(
  pool: NodePool,
  shelf: { readonly types: InstanceTypes["items"]; readonly situation: Situation },
): readonly Remark[] {
  const { situation, types } = shelf;
  const specs = pool.spec.template.spec.requirements;
  const aliases = zoneAliases(situation);
  const wanted = Requirements.fromSpecs(specs, { values: aliases });
  const written = specs.flatMap(({ key, operator, values }) =>
    key === Label.Zone && operator === "In" ? (values ?? []) : [],
  );
  return [...zoneRemarks(written, aliases[Label.Zone] ?? {}, situation), ...offeringRemark(wanted, types, situation)];
}

function zoneRemarks(
  written: readonly string[],
  aliases: Readonly<Record<string, string>>,
  { region, zones }: Situation,
): readonly Remark[] {
  const used = written.filter((zone) => aliases[zone] !== undefined);
  const unknown = written.filter((zone) => aliases[zone] === undefined && !zones.includes(zone));
  const has = zones.length === 1 ? `has one zone, ${zones.join()}` : `has the zones ${zones.join(", ")}`;
  return [
    ...used.map((zone): Remark => ({
      type: "Normal",
      reason: "ZoneAliasUsed",
      message: `zone ${zone} is read as ${aliases[zone] ?? ""}, the zone label that nodes in ${region} carry; pods have to use ${aliases[zone] ?? ""}`,
    })),
    ...(unknown.length === 0
      ? []
      : [
          {
            type: "Warning",
            reason: "ZoneNotInRegion",
            message: `${region} ${has}: there will be no machine in ${unknown.join(", ")}`,
          } as const,
        ]),
  ];
}

/** Only what no time will cure: sold out today is no fault of the NodePool. */
function offeringRemark(wanted: Requirements, types: InstanceTypes["items"], situation: Situation): readonly Remark[] {
  const offered = types.some(
    (type) =>
      matchesRequirements(type, wanted) && type.offerings.some(({ requirements }) => requirements.overlaps(wanted)),
  );
  const isSold = types.some(
    (type) =>
      matchesRequirements(type, wanted) &&
      type.offerings.some(
        ({ requirements, availability }) =>
          requirements.overlaps(wanted) && (availability.available || availability.until !== undefined),
      ),
  );
  if (offered && isSold) return [];
  return [{ type: "Warning", reason: "NoOffering", message: whyNoOffering(wanted, { types, situation }) }];
}
