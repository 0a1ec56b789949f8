// One flavor as the provider knows it: what the cluster's API says, completed by the project API and the bundled table (O-16, O-17).

import type { WireKubeFlavor, WireProjectFlavor } from "../client/wire.ts";
import { flavorFacts } from "./flavor-table.ts";

export interface Flavor {
  readonly name: string;
  /** "b3", "l40s". */
  readonly family: string;
  readonly generation?: number;
  readonly size: string;
  readonly category: string;
  readonly vCPUs: number;
  readonly ramGB: number;
  readonly diskGB: number;
  /** Neither an API nor the table knew the disk. */
  readonly diskEstimated: boolean;
  readonly gpus: number;
  readonly gpu?: { readonly model: string; readonly memoryGB: number };
  readonly localNvmeGB?: number;
  readonly bandwidthMbits?: number;
  /** Why it cannot be ordered now; absent when it can. */
  readonly unavailable?: string;
  readonly state: string;
  /** Plan codes as the project API names them. */
  readonly planHourly?: string;
  readonly planMonthly?: string;
}

const GPU_DISK_GB = 300;
const PLAIN_DISK_GB = 50;

/** Without those that no pool can be made of (O-19c), by name. */
export function mergeFlavors(
  listed: readonly WireKubeFlavor[],
  project: readonly WireProjectFlavor[] = [],
): readonly Flavor[] {
  const details = new Map(project.filter((flavor) => !isWindows(flavor)).map((flavor) => [flavor.name, flavor]));
  return listed
    .filter((flavor) => isUsable(flavor.name))
    .map((flavor) => merge(flavor, details.get(flavor.name)))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

export function isGpuFlavor(flavor: { readonly gpus: number }): boolean {
  return flavor.gpus > 0;
}

function merge(listed: WireKubeFlavor, project: WireProjectFlavor | undefined): Flavor {
  const known = flavorFacts(listed.name);
  const { family, size, generation } = nameParts(listed.name);
  const gpus = listed.gpus;
  const disk = project && project.diskGB > 0 ? project.diskGB : known?.diskGB;
  const generationNumber = known?.generation ?? generation;
  const unavailable = whyUnavailable(listed, project);
  return {
    name: listed.name,
    family: known?.family ?? family,
    ...(generationNumber === undefined ? {} : { generation: generationNumber }),
    size,
    category: listed.category || known?.category || listed.name.charAt(0),
    vCPUs: listed.vCPUs,
    ramGB: listed.ramGB,
    diskGB: disk ?? (gpus > 0 ? GPU_DISK_GB : PLAIN_DISK_GB),
    diskEstimated: disk === undefined,
    gpus,
    ...(gpus > 0 && known?.gpu ? { gpu: known.gpu } : {}),
    ...(known?.localNvme ? { localNvmeGB: known.localNvme.count * known.localNvme.sizeGB } : {}),
    ...(project && project.outboundMbits > 0 ? { bandwidthMbits: project.outboundMbits } : {}),
    ...(unavailable === undefined ? {} : { unavailable }),
    state: listed.state || "available",
    ...(project?.planHourly ? { planHourly: project.planHourly } : {}),
    ...(project?.planMonthly ? { planMonthly: project.planMonthly } : {}),
  };
}

function whyUnavailable(listed: WireKubeFlavor, project: WireProjectFlavor | undefined): string | undefined {
  if (listed.state !== "" && listed.state !== "available") return `OVHcloud says ${listed.state}`;
  if (project?.available === false) return "not available to this project";
  if (project?.quota === 0) return "the project's quota leaves no room for it";
  return undefined;
}

/** Letters before a generation digit exist only for the plain series; GPU names are one word. */
function nameParts(name: string): { family: string; size: string; generation?: number } {
  const dash = name.indexOf("-");
  const family = dash < 0 ? name : name.slice(0, dash);
  const size = dash < 0 ? "" : name.slice(dash + 1);
  const generation = /^[bcdrit](\d+)$/.exec(family)?.[1];
  return { family, size, ...(generation === undefined ? {} : { generation: Number(generation) }) };
}

function isUsable(name: string): boolean {
  return name !== "" && name !== "d2-2" && !name.startsWith("win-") && !/^bm-|metal/.test(name);
}

function isWindows(flavor: WireProjectFlavor): boolean {
  return flavor.osType === "windows" || flavor.name.startsWith("win-");
}
