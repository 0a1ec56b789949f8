// What is publicly known about each Public Cloud flavor that the Kubernetes flavors API does not say: disk, GPU model, reservation, list price.
// Prices in EUR without tax: order catalogue, subsidiary DE, 2026-08-14; families marked "price table" from the public price table derived
// from that catalogue, subsidiary IE, 2026-05-11. Every monthly price comes from that table. The live API and catalogue always win (O-16, O-37).

/** documented: in the MKS documentation; listed: only in product material; unknown: not confirmed; no: documented as unusable in MKS. */
export type MksSupport = "documented" | "listed" | "unknown" | "no";
export type FlavorKind = "general-purpose" | "cpu-optimized" | "memory-optimized" | "discovery" | "iops" | "gpu";
export type PriceSource = "catalogue 2026-08-14" | "price table 2026-05-11";

export interface FlavorGpu {
  readonly model: string;
  readonly memoryGB: number;
}

export interface FlavorFacts {
  readonly name: string;
  readonly family: string;
  /** Absent where OVHcloud counts no generations (a10, l4, h100 …). */
  readonly generation?: number;
  /** One letter, as the Kubernetes flavors API has it. */
  readonly category: string;
  readonly kind: FlavorKind;
  readonly vCPUs: number;
  /** The number in the flavor's name; times 1024³ for bytes. */
  readonly ramGB: number;
  /** Root disk, decimal GB; absent where no figure was found. */
  readonly diskGB?: number;
  /** Extra NVMe disks, of `sizeGB` each. */
  readonly localNvme?: { readonly count: number; readonly sizeGB: number };
  readonly gpus: number;
  /** Present when gpus > 0; memory is per GPU. */
  readonly gpu?: FlavorGpu;
  readonly mks: MksSupport;
  readonly hourlyEUR: number;
  /** Price of a month, where the catalogue has a monthly plan. */
  readonly monthlyEUR?: number;
  readonly hourlyPriceSource: PriceSource;
  /** Monthly billing is documented for MKS pools (O-34). */
  readonly monthlyInMks: boolean;
  readonly planCodes: {
    readonly hourly: string;
    /** Known for b3, c3 and r3; others may get one: the live catalogue tells. */
    readonly hourly3Az?: string;
    readonly monthly?: string;
  };
  /** What MKS keeps for itself on a node of this flavor (O-19a). */
  readonly mksReserved: MksReservation;
}

export interface MksReservation {
  readonly cpuMilli: number;
  readonly memoryMB: number;
  /** Absent when the disk size is unknown. */
  readonly storageGB?: number;
}

/** Name, vCPUs, RAM GB, disk GB (0 = not known), hourly EUR, monthly EUR where there is a monthly plan. */
type Row = readonly [
  name: string,
  vCPUs: number,
  ramGB: number,
  diskGB: number,
  hourlyEUR: number,
  monthlyEUR?: number,
];

interface Family {
  readonly family: string;
  readonly generation?: number;
  readonly category: string;
  readonly kind: FlavorKind;
  readonly gpu?: FlavorGpu;
  /** Flavors whose MKS support is not "documented". */
  readonly mks?: Readonly<Record<string, MksSupport>>;
  readonly priceTable?: readonly string[];
  readonly rows: readonly Row[];
}

const FAMILIES: readonly Family[] = [
  {
    family: "b2",
    generation: 2,
    category: "b",
    kind: "general-purpose",
    rows: [
      ["b2-7", 2, 7, 50, 0.0709, 25.17],
      ["b2-15", 4, 15, 100, 0.1342, 48.05],
      ["b2-30", 8, 30, 200, 0.2715, 97.24],
      ["b2-60", 16, 60, 400, 0.526, 189.3],
      ["b2-120", 32, 120, 400, 1.033, 372.4],
    ],
  },
  {
    family: "b3",
    generation: 3,
    category: "b",
    kind: "general-purpose",
    mks: { "b3-640": "unknown" },
    rows: [
      ["b3-8", 2, 8, 50, 0.0512],
      ["b3-16", 4, 16, 100, 0.1023],
      ["b3-32", 8, 32, 200, 0.2046],
      ["b3-64", 16, 64, 400, 0.4092],
      ["b3-128", 32, 128, 400, 0.819],
      ["b3-256", 64, 256, 400, 1.637],
      ["b3-512", 128, 512, 400, 3.274],
      ["b3-640", 160, 640, 400, 4.092],
    ],
  },
  {
    family: "c2",
    generation: 2,
    category: "c",
    kind: "cpu-optimized",
    rows: [
      ["c2-7", 2, 7, 50, 0.1018, 36.61],
      ["c2-15", 4, 15, 100, 0.1976, 70.93],
      ["c2-30", 8, 30, 200, 0.3984, 143.52],
      ["c2-60", 16, 60, 400, 0.779, 280.8],
      ["c2-120", 32, 120, 400, 1.54, 555.4],
    ],
  },
  {
    family: "c3",
    generation: 3,
    category: "c",
    kind: "cpu-optimized",
    mks: { "c3-320": "unknown" },
    rows: [
      ["c3-4", 2, 4, 50, 0.0457],
      ["c3-8", 4, 8, 100, 0.0913],
      ["c3-16", 8, 16, 200, 0.1825],
      ["c3-32", 16, 32, 400, 0.365],
      ["c3-64", 32, 64, 400, 0.7301],
      ["c3-128", 64, 128, 400, 1.461],
      ["c3-256", 128, 256, 400, 2.921],
      ["c3-320", 160, 320, 400, 3.651],
    ],
  },
  {
    family: "r2",
    generation: 2,
    category: "r",
    kind: "memory-optimized",
    rows: [
      ["r2-15", 2, 15, 50, 0.1018, 36.61],
      ["r2-30", 2, 30, 50, 0.1176, 42.33],
      ["r2-60", 4, 60, 100, 0.2288, 82.37],
      ["r2-120", 8, 120, 200, 0.461, 166.4],
      ["r2-240", 16, 240, 400, 0.906, 326.6],
    ],
  },
  {
    family: "r3",
    generation: 3,
    category: "r",
    kind: "memory-optimized",
    rows: [
      ["r3-16", 2, 16, 50, 0.0663],
      ["r3-32", 4, 32, 100, 0.1324],
      ["r3-64", 8, 64, 200, 0.2648],
      ["r3-128", 16, 128, 400, 0.53],
      ["r3-256", 32, 256, 400, 1.059],
      ["r3-512", 64, 512, 400, 2.118],
      ["r3-1024", 128, 1024, 400, 4.236],
    ],
  },
  {
    family: "d2",
    generation: 2,
    category: "d",
    kind: "discovery",
    mks: { "d2-2": "no" },
    rows: [
      ["d2-2", 1, 2, 25, 0.0104, 5.71],
      ["d2-4", 2, 4, 50, 0.0206, 11.44],
      ["d2-8", 4, 8, 50, 0.0372, 20.6],
    ],
  },
  {
    family: "i1",
    generation: 1,
    category: "i",
    kind: "iops",
    rows: [
      ["i1-45", 8, 45, 50, 0.439, 220],
      ["i1-90", 16, 90, 50, 0.879, 440],
      ["i1-180", 32, 180, 50, 1.76, 880],
    ],
  },
  {
    family: "t1",
    generation: 1,
    category: "t",
    kind: "gpu",
    gpu: { model: "NVIDIA Tesla V100", memoryGB: 16 },
    mks: { "t1-le-45": "unknown", "t1-le-90": "unknown", "t1-le-180": "unknown" },
    priceTable: ["t1-45", "t1-90", "t1-180", "t1-le-45", "t1-le-90", "t1-le-180"],
    rows: [
      ["t1-45", 8, 45, 400, 0.7, 504],
      ["t1-90", 18, 90, 800, 1.4, 1008],
      ["t1-180", 36, 180, 50, 2.8, 2016],
      ["t1-le-45", 8, 45, 300, 0.7, 504],
      ["t1-le-90", 16, 90, 400, 1.4, 1008],
      ["t1-le-180", 32, 180, 400, 2.8, 2016],
    ],
  },
  {
    family: "t2",
    generation: 2,
    category: "t",
    kind: "gpu",
    gpu: { model: "NVIDIA Tesla V100S", memoryGB: 32 },
    mks: { "t2-le-45": "unknown", "t2-le-90": "unknown", "t2-le-180": "unknown" },
    priceTable: ["t2-45", "t2-90", "t2-180"],
    rows: [
      ["t2-45", 15, 45, 400, 0.8, 576],
      ["t2-90", 30, 90, 800, 1.6, 1152],
      ["t2-180", 60, 180, 50, 3.2, 2304],
      ["t2-le-45", 15, 45, 300, 0.8, 576],
      ["t2-le-90", 30, 90, 500, 1.6, 1152],
      ["t2-le-180", 60, 180, 500, 3.2, 2304],
    ],
  },
  {
    family: "a10",
    category: "a",
    kind: "gpu",
    gpu: { model: "NVIDIA A10", memoryGB: 24 },
    mks: { "a10-45": "listed", "a10-90": "listed", "a10-180": "unknown" },
    priceTable: ["a10-45", "a10-90", "a10-180"],
    rows: [
      ["a10-45", 30, 45, 400, 0.76],
      ["a10-90", 60, 90, 400, 1.52],
      ["a10-180", 120, 180, 400, 3.04],
    ],
  },
  {
    family: "a100",
    category: "a",
    kind: "gpu",
    gpu: { model: "NVIDIA A100", memoryGB: 80 },
    priceTable: ["a100-180", "a100-360", "a100-720"],
    rows: [
      ["a100-180", 15, 180, 300, 2.75, 1100],
      ["a100-360", 30, 360, 500, 5.5, 2200],
      ["a100-720", 60, 720, 500, 11, 4400],
    ],
  },
  {
    family: "h100",
    category: "h",
    kind: "gpu",
    gpu: { model: "NVIDIA H100", memoryGB: 80 },
    priceTable: ["h100-380", "h100-760", "h100-1520"],
    rows: [
      ["h100-380", 30, 380, 200, 2.8, 1940],
      ["h100-760", 60, 760, 200, 5.6, 3880],
      ["h100-1520", 120, 1520, 200, 11.2, 7770],
    ],
  },
  {
    family: "h200",
    category: "h",
    kind: "gpu",
    gpu: { model: "NVIDIA H200", memoryGB: 141 },
    mks: { "h200-1920": "unknown" },
    priceTable: ["h200-1920"],
    rows: [["h200-1920", 224, 1920, 0, 42]],
  },
  {
    family: "l4",
    category: "l",
    kind: "gpu",
    gpu: { model: "NVIDIA L4", memoryGB: 24 },
    priceTable: ["l4-90", "l4-180", "l4-360"],
    rows: [
      ["l4-90", 22, 90, 400, 0.75, 540],
      ["l4-180", 45, 180, 400, 1.5, 1080],
      ["l4-360", 90, 360, 400, 3, 2160],
    ],
  },
  {
    family: "l40s",
    category: "l",
    kind: "gpu",
    gpu: { model: "NVIDIA L40S", memoryGB: 48 },
    priceTable: ["l40s-90", "l40s-180", "l40s-360"],
    rows: [
      ["l40s-90", 15, 90, 400, 1.4, 1008],
      ["l40s-180", 30, 180, 400, 2.8, 2016],
      ["l40s-360", 60, 360, 400, 5.6, 4032],
    ],
  },
  {
    family: "rtx5000",
    category: "r",
    kind: "gpu",
    gpu: { model: "NVIDIA Quadro RTX 5000", memoryGB: 16 },
    mks: { "rtx5000-28": "listed", "rtx5000-56": "listed", "rtx5000-84": "listed" },
    priceTable: ["rtx5000-28", "rtx5000-56", "rtx5000-84"],
    rows: [
      ["rtx5000-28", 4, 28, 400, 0.36],
      ["rtx5000-56", 8, 56, 400, 0.72],
      ["rtx5000-84", 16, 84, 400, 1.08],
    ],
  },
];

/** GPUs per flavor: families sell them by the piece, and the count is not in the name. */
const GPU_COUNTS: Readonly<Record<string, number>> = {
  "t1-45": 1,
  "t1-90": 2,
  "t1-180": 4,
  "t1-le-45": 1,
  "t1-le-90": 2,
  "t1-le-180": 4,
  "t2-45": 1,
  "t2-90": 2,
  "t2-180": 4,
  "t2-le-45": 1,
  "t2-le-90": 2,
  "t2-le-180": 4,
  "a10-45": 1,
  "a10-90": 2,
  "a10-180": 4,
  "a100-180": 1,
  "a100-360": 2,
  "a100-720": 4,
  "h100-380": 1,
  "h100-760": 2,
  "h100-1520": 4,
  "h200-1920": 8,
  "l4-90": 1,
  "l4-180": 2,
  "l4-360": 4,
  "l40s-90": 1,
  "l40s-180": 2,
  "l40s-360": 4,
  "rtx5000-28": 1,
  "rtx5000-56": 2,
  "rtx5000-84": 3,
};

/** NVMe disks of the i1 family, 1.9 TB each. */
const NVME_COUNTS: Readonly<Record<string, number>> = {
  "i1-45": 1,
  "i1-90": 2,
  "i1-180": 4,
};
const NVME_SIZE_GB = 1900;

const FAMILIES_WITH_3AZ_PLAN: readonly string[] = ["b3", "c3", "r3"];
const MONTHLY_IN_MKS: readonly string[] = ["b2", "c2", "r2", "d2"];

/** The documented MKS reservation for any flavor, also one that is not in the table (O-19a). */
export function mksReservation(vCPUs: number, diskGB: number | undefined): MksReservation {
  const fixed = { cpuMilli: 150 + 5 * vCPUs, memoryMB: 1590 };
  if (diskGB === undefined || diskGB <= 0) return fixed;
  return { ...fixed, storageGB: Math.round(10 * Math.log10(diskGB) + diskGB / 10) };
}

function facts(family: Family, row: Row): FlavorFacts {
  const [name, vCPUs, ramGB, disk, hourlyEUR, monthlyEUR] = row;
  const diskGB = disk > 0 ? disk : undefined;
  const nvme = NVME_COUNTS[name];
  const mks = family.mks?.[name] ?? "documented";
  return {
    name,
    family: family.family,
    ...(family.generation === undefined ? {} : { generation: family.generation }),
    category: family.category,
    kind: family.kind,
    vCPUs,
    ramGB,
    ...(diskGB === undefined ? {} : { diskGB }),
    ...(nvme === undefined ? {} : { localNvme: { count: nvme, sizeGB: NVME_SIZE_GB } }),
    gpus: GPU_COUNTS[name] ?? 0,
    ...(family.gpu === undefined ? {} : { gpu: family.gpu }),
    mks,
    hourlyEUR,
    ...(monthlyEUR === undefined ? {} : { monthlyEUR }),
    hourlyPriceSource: family.priceTable?.includes(name) ? "price table 2026-05-11" : "catalogue 2026-08-14",
    monthlyInMks: MONTHLY_IN_MKS.includes(family.family) && mks !== "no",
    planCodes: planCodes(family.family, name, monthlyEUR !== undefined),
    mksReserved: mksReservation(vCPUs, diskGB),
  };
}

function planCodes(family: string, name: string, monthly: boolean): FlavorFacts["planCodes"] {
  return {
    hourly: `${name}.consumption`,
    ...(FAMILIES_WITH_3AZ_PLAN.includes(family) ? { hourly3Az: `${name}.consumption.3AZ` } : {}),
    ...(monthly ? { monthly: `${name}.monthly.postpaid` } : {}),
  };
}

export const FLAVOR_TABLE: readonly FlavorFacts[] = FAMILIES.flatMap((family) =>
  family.rows.map((row) => facts(family, row)),
);

const BY_NAME: ReadonlyMap<string, FlavorFacts> = new Map(FLAVOR_TABLE.map((flavor) => [flavor.name, flavor]));

export function flavorFacts(name: string): FlavorFacts | undefined {
  return BY_NAME.get(name);
}
