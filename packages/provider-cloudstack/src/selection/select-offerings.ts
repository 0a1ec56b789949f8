// Which service offerings a class may order, by which names, and what is odd about them (§6).

import type { Remark } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import { compareText } from "@karpenter-multicloud/core/units";

import type { CloudStackNodeClassSpec } from "../api/cloudstack-node-class.ts";
import { CloudStackCondition } from "../api/cloudstack-node-class.ts";
import { instanceTypeNames } from "../offerings/names.ts";
import { entryFor } from "../offerings/offerings-file.ts";
import type { FiledOffering, OfferingsFile } from "../offerings/offerings-file.ts";
import { PRICE_DETAIL, readPrice } from "../offerings/prices.ts";
import { shapesOf } from "../offerings/shapes.ts";
import type { CloudStackClient } from "../client/cloudstack-client.ts";
import type { WireOffering } from "../client/wire.ts";
import { fitsOfferingTerm, select } from "./terms.ts";
import type { CloudStackSettings } from "../settings.ts";
import { ClassProblem } from "./class-problem.ts";
import type { SelectedOffering } from "./resolved-class.ts";

export interface OfferingParts {
  readonly file: OfferingsFile;
  readonly settings: CloudStackSettings;
}

export interface OfferingQuestion {
  readonly spec: CloudStackNodeClassSpec;
  readonly client: CloudStackClient;
  readonly remarks: Remark[];
  readonly signal: AbortSignal;
}

interface Row extends WireOffering {
  readonly filed: FiledOffering | undefined;
}

const TAG_HELP =
  "CloudStack's offerings have no tags: add details with addResourceDetail resourcetype=ServiceOffering, or list the offerings in cloudstack.offerings";

/** @throws ClassProblem when none is left */
export async function selectOfferings(
  { file, settings }: OfferingParts,
  { spec, client, remarks, signal }: OfferingQuestion,
): Promise<readonly SelectedOffering[]> {
  const entries = await file.entries();
  const rows = (await client.offerings(signal))
    .filter(
      ({ isSystem, isActive, isVolatile }) => !isSystem && isActive && (!isVolatile || spec.allowVolatile === true),
    )
    .map((offering) => ({ ...offering, filed: entryFor(entries, offering) }))
    .filter(({ filed }) => filed?.exclude !== true)
    .map((row) => ({ ...row, tags: { ...row.details, ...hostTagPairs(row), ...row.filed?.tags } }));
  const picked = select(rows, spec.serviceOfferingSelectorTerms, fitsOfferingTerm);
  if (picked.length === 0) {
    const byTags = spec.serviceOfferingSelectorTerms.some(({ tags }) => tags !== undefined);
    const message = `no service offering fits serviceOfferingSelectorTerms${byTags ? `; ${TAG_HELP}` : ""}`;
    throw new ClassProblem(CloudStackCondition.ServiceOfferingsReady, "ServiceOfferingNotFound", message);
  }
  const byId = namesOf(picked, settings.aliases, remarks);
  remarkPrices(picked, remarks);
  const usable = picked.filter((row) => hasShapes(row, spec, remarks));
  if (usable.length === 0) {
    const message = `custom offerings need customOfferingShapes: ${picked.map(({ name }) => name).join(", ")}`;
    throw new ClassProblem(CloudStackCondition.ServiceOfferingsReady, "CustomOfferingNeedsShapes", message);
  }
  return usable.map(({ filed, ...offering }) => ({
    offering,
    name: byId.get(offering.id) ?? "",
    ...(filed === undefined ? {} : { filed }),
  }));
}

/** By id; what the file says goes before the settings. */
function namesOf(
  picked: readonly Row[],
  aliases: CloudStackSettings["aliases"],
  remarks: Remark[],
): ReadonlyMap<string, string> {
  const filedNames = picked.flatMap(({ name, filed }) =>
    filed?.instanceType === undefined ? [] : [[name, filed.instanceType]],
  );
  const { byId, conflicts } = instanceTypeNames(picked, { ...aliases, ...Object.fromEntries(filedNames) });
  for (const name of conflicts)
    remarks.push({ reason: "AliasConflict", message: `the alias of offering ${name} is no usable name, or taken` });
  return byId;
}

function remarkPrices(picked: readonly Row[], remarks: Remark[]): void {
  for (const { name, filed, details } of picked) {
    for (const [where, price] of [
      ["cloudstack.offerings", filed?.price] as const,
      [PRICE_DETAIL, details[PRICE_DETAIL]] as const,
    ]) {
      if (price === undefined || readPrice(price) !== undefined) continue;
      const message = `the price of offering ${name} in ${where} is none: ${price}`;
      remarks.push({ reason: "InvalidPrice", message });
    }
  }
}

/** C-45 */
function hasShapes(offering: WireOffering, spec: CloudStackNodeClassSpec, remarks: Remark[]): boolean {
  const { shapes, needsShapes, outside } = shapesOf(offering, spec.customOfferingShapes);
  if (needsShapes) {
    const message = `offering ${offering.name} has no size of its own: give customOfferingShapes`;
    remarks.push({ reason: "CustomOfferingNeedsShapes", message });
  }
  if (outside.length > 0) {
    const sizes = outside.map(({ cpu, memoryMiB }) => `${cpu} CPUs with ${memoryMiB} MiB`).join(", ");
    remarks.push({ reason: "ShapeOutsideLimits", message: `offering ${offering.name} does not allow ${sizes}` });
  }
  return shapes.length > 0;
}

/** C-30: host tags can be selected like tags. */
function hostTagPairs({ hostTags }: WireOffering): Readonly<Record<string, string>> {
  return Object.fromEntries(hostTags.toSorted(compareText).map((tag) => [`hosttag/${tag}`, "true"]));
}
