// What the fake sells: every known Public Cloud flavor with its size and list price (EUR without tax).
// From the order catalogue of 2026-08-14 (subsidiary DE) and the price table of 2026-05-11 (GPU flavors, monthly prices).

export interface SeedFlavor {
  readonly name: string;
  readonly category: string;
  readonly vCPUs: number;
  readonly ramGB: number;
  readonly diskGB: number;
  readonly gpus: number;
  readonly gpuModel?: string;
  readonly hourlyEUR: number;
  readonly monthlyEUR?: number;
  /** Sold in Kubernetes pools; the others exist in the project only. */
  readonly kubernetes: boolean;
  /** Has a plan code of its own in regions with three zones. */
  readonly threeAzPlan: boolean;
  readonly monthlyPools: boolean;
}

/** Name, vCPUs, RAM, disk, GPUs, hourly, monthly. */
type Row = readonly [string, number, number, number, number, number, number?];

const ROWS: readonly Row[] = [
  ["b2-7", 2, 7, 50, 0, 0.0709, 25.17],
  ["b2-15", 4, 15, 100, 0, 0.1342, 48.05],
  ["b2-30", 8, 30, 200, 0, 0.2715, 97.24],
  ["b2-60", 16, 60, 400, 0, 0.526, 189.3],
  ["b2-120", 32, 120, 400, 0, 1.033, 372.4],
  ["b3-8", 2, 8, 50, 0, 0.0512],
  ["b3-16", 4, 16, 100, 0, 0.1023],
  ["b3-32", 8, 32, 200, 0, 0.2046],
  ["b3-64", 16, 64, 400, 0, 0.4092],
  ["b3-128", 32, 128, 400, 0, 0.819],
  ["b3-256", 64, 256, 400, 0, 1.637],
  ["b3-512", 128, 512, 400, 0, 3.274],
  ["b3-640", 160, 640, 400, 0, 4.092],
  ["c2-7", 2, 7, 50, 0, 0.1018, 36.61],
  ["c2-15", 4, 15, 100, 0, 0.1976, 70.93],
  ["c2-30", 8, 30, 200, 0, 0.3984, 143.52],
  ["c2-60", 16, 60, 400, 0, 0.779, 280.8],
  ["c2-120", 32, 120, 400, 0, 1.54, 555.4],
  ["c3-4", 2, 4, 50, 0, 0.0457],
  ["c3-8", 4, 8, 100, 0, 0.0913],
  ["c3-16", 8, 16, 200, 0, 0.1825],
  ["c3-32", 16, 32, 400, 0, 0.365],
  ["c3-64", 32, 64, 400, 0, 0.7301],
  ["c3-128", 64, 128, 400, 0, 1.461],
  ["c3-256", 128, 256, 400, 0, 2.921],
  ["c3-320", 160, 320, 400, 0, 3.651],
  ["r2-15", 2, 15, 50, 0, 0.1018, 36.61],
  ["r2-30", 2, 30, 50, 0, 0.1176, 42.33],
  ["r2-60", 4, 60, 100, 0, 0.2288, 82.37],
  ["r2-120", 8, 120, 200, 0, 0.461, 166.4],
  ["r2-240", 16, 240, 400, 0, 0.906, 326.6],
  ["r3-16", 2, 16, 50, 0, 0.0663],
  ["r3-32", 4, 32, 100, 0, 0.1324],
  ["r3-64", 8, 64, 200, 0, 0.2648],
  ["r3-128", 16, 128, 400, 0, 0.53],
  ["r3-256", 32, 256, 400, 0, 1.059],
  ["r3-512", 64, 512, 400, 0, 2.118],
  ["r3-1024", 128, 1024, 400, 0, 4.236],
  ["d2-2", 1, 2, 25, 0, 0.0104, 5.71],
  ["d2-4", 2, 4, 50, 0, 0.0206, 11.44],
  ["d2-8", 4, 8, 50, 0, 0.0372, 20.6],
  ["i1-45", 8, 45, 50, 0, 0.439, 220],
  ["i1-90", 16, 90, 50, 0, 0.879, 440],
  ["i1-180", 32, 180, 50, 0, 1.76, 880],
  ["t1-45", 8, 45, 400, 1, 0.7, 504],
  ["t1-90", 18, 90, 800, 2, 1.4, 1008],
  ["t1-180", 36, 180, 50, 4, 2.8, 2016],
  ["t1-le-45", 8, 45, 300, 1, 0.7, 504],
  ["t1-le-90", 16, 90, 400, 2, 1.4, 1008],
  ["t1-le-180", 32, 180, 400, 4, 2.8, 2016],
  ["t2-45", 15, 45, 400, 1, 0.8, 576],
  ["t2-90", 30, 90, 800, 2, 1.6, 1152],
  ["t2-180", 60, 180, 50, 4, 3.2, 2304],
  ["t2-le-45", 15, 45, 300, 1, 0.8, 576],
  ["t2-le-90", 30, 90, 500, 2, 1.6, 1152],
  ["t2-le-180", 60, 180, 500, 4, 3.2, 2304],
  ["a10-45", 30, 45, 400, 1, 0.76],
  ["a10-90", 60, 90, 400, 2, 1.52],
  ["a10-180", 120, 180, 400, 4, 3.04],
  ["a100-180", 15, 180, 300, 1, 2.75, 1100],
  ["a100-360", 30, 360, 500, 2, 5.5, 2200],
  ["a100-720", 60, 720, 500, 4, 11, 4400],
  ["h100-380", 30, 380, 200, 1, 2.8, 1940],
  ["h100-760", 60, 760, 200, 2, 5.6, 3880],
  ["h100-1520", 120, 1520, 200, 4, 11.2, 7770],
  ["h200-1920", 224, 1920, 800, 8, 42],
  ["l4-90", 22, 90, 400, 1, 0.75, 540],
  ["l4-180", 45, 180, 400, 2, 1.5, 1080],
  ["l4-360", 90, 360, 400, 4, 3, 2160],
  ["l40s-90", 15, 90, 400, 1, 1.4, 1008],
  ["l40s-180", 30, 180, 400, 2, 2.8, 2016],
  ["l40s-360", 60, 360, 400, 4, 5.6, 4032],
  ["rtx5000-28", 4, 28, 400, 1, 0.36],
  ["rtx5000-56", 8, 56, 400, 2, 0.72],
  ["rtx5000-84", 16, 84, 400, 3, 1.08],
];

const NOT_IN_KUBERNETES: readonly string[] = [
  "b3-640",
  "c3-320",
  "d2-2",
  "t1-le-45",
  "t1-le-90",
  "t1-le-180",
  "t2-le-45",
  "t2-le-90",
  "t2-le-180",
  "a10-180",
  "h200-1920",
];

const GPU_MODELS: Readonly<Record<string, string>> = {
  t1: "NVIDIA Tesla V100",
  t2: "NVIDIA Tesla V100S",
  a10: "NVIDIA A10",
  a100: "NVIDIA A100",
  h100: "NVIDIA H100",
  h200: "NVIDIA H200",
  l4: "NVIDIA L4",
  l40s: "NVIDIA L40S",
  rtx5000: "NVIDIA Quadro RTX 5000",
};

function fromRow([name, vCPUs, ramGB, diskGB, gpus, hourlyEUR, monthlyEUR]: Row): SeedFlavor {
  const family = name.split("-")[0] ?? name;
  const gpuModel = GPU_MODELS[family];
  return {
    name,
    category: name.charAt(0),
    vCPUs,
    ramGB,
    diskGB,
    gpus,
    ...(gpuModel === undefined ? {} : { gpuModel }),
    hourlyEUR,
    ...(monthlyEUR === undefined ? {} : { monthlyEUR }),
    kubernetes: !NOT_IN_KUBERNETES.includes(name),
    threeAzPlan: ["b3", "c3", "r3"].includes(family),
    monthlyPools: ["b2", "c2", "r2", "d2"].includes(family) && monthlyEUR !== undefined,
  };
}

export const SEED_FLAVORS: readonly SeedFlavor[] = ROWS.map(fromRow);
