// What a random cloud sells: three families in powers of two, per zone on demand, spot and now and then reserved.

import type { Draw } from "../draw.ts";
import { share } from "./themes.ts";
import type { Theme } from "./themes.ts";

export interface Sale {
  readonly capacityType: string;
  readonly zone: string;
  readonly price: number;
  readonly available: boolean;
  readonly reservationCapacity?: number;
}

export interface SoldType {
  readonly name: string;
  readonly family: string;
  readonly arch: string;
  readonly cpus: number;
  readonly memoryGi: number;
  readonly maxPods: number;
  readonly sales: readonly Sale[];
}

export const FAMILY_LABEL = "example.com/family";
export const FAMILIES = ["c", "m", "r"] as const;
export const ZONES = ["zone-a", "zone-b", "zone-c"] as const;

const SIZES = [1, 2, 4, 8, 16, 32] as const;
const GIB_PER_CPU: Readonly<Record<string, number>> = { c: 2, m: 4, r: 8 };

export function randomMarket(draw: Draw, theme: Theme): readonly SoldType[] {
  const families = theme === "spot" ? FAMILIES : draw.some(FAMILIES);
  const sizes = theme === "spot" ? SIZES : SIZES.filter((size) => size === 4 || draw.happens(0.7));
  return families.flatMap((family) =>
    sizes.flatMap((cpus) => {
      const plain = soldType(draw, theme, { family, cpus, arch: "amd64" });
      return draw.happens(0.1) ? [plain, soldType(draw, theme, { family, cpus, arch: "arm64" })] : [plain];
    }),
  );
}

interface Model {
  readonly family: string;
  readonly cpus: number;
  readonly arch: string;
}

function soldType(draw: Draw, theme: Theme, { family, cpus, arch }: Model): SoldType {
  const memoryGi = cpus * (GIB_PER_CPU[family] ?? 4);
  const base = (0.04 * cpus + 0.005 * memoryGi) * (draw.between(90, 110) / 100);
  const sales = ZONES.flatMap((zone) => salesIn(draw, theme, { zone, base }));
  return {
    name: `${family}${arch === "arm64" ? "a" : ""}.${cpus}`,
    family,
    arch,
    cpus,
    memoryGi,
    maxPods: draw.pick([8, 29, 58, 110]),
    sales: sales.length > 0 ? sales : [{ capacityType: "on-demand", zone: "zone-a", price: base, available: true }],
  };
}

function salesIn(
  draw: Draw,
  theme: Theme,
  { zone, base }: { readonly zone: string; readonly base: number },
): readonly Sale[] {
  const price = (factor: number): number => Math.round(base * factor * 1e5) / 1e5;
  const available = (): boolean => !draw.happens(share(theme, "market", 0.2, 0.04));
  const here = 1 + draw.between(0, 2) / 100;
  return [
    ...(draw.happens(0.9) ? [{ capacityType: "on-demand", zone, price: price(here), available: available() }] : []),
    ...(draw.happens(share(theme, "spot", 0.95, 0.6))
      ? [{ capacityType: "spot", zone, price: price(here * (draw.between(30, 70) / 100)), available: available() }]
      : []),
    ...(draw.happens(share(theme, "market", 0.1, 0.01))
      ? [
          {
            capacityType: "reserved",
            zone,
            price: price(draw.between(1, 30) / 1e4),
            available: true,
            reservationCapacity: draw.between(1, 3),
          },
        ]
      : []),
  ];
}

export function typeJson({ name, family, arch, cpus, memoryGi, maxPods, sales }: SoldType): object {
  return {
    name,
    capacity: { cpu: `${cpus}`, memory: `${memoryGi}Gi`, pods: `${maxPods}`, "ephemeral-storage": "50Gi" },
    overhead: { kubeReserved: { cpu: `${60 + cpus * 5}m`, memory: `${200 + memoryGi * 10}Mi` } },
    requirements: [
      { key: "kubernetes.io/arch", operator: "In", values: [arch] },
      { key: FAMILY_LABEL, operator: "In", values: [family] },
    ],
    offerings: sales,
  };
}
