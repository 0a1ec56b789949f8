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
  /** What else of the offering is not said by its zone and capacity type. */
  readonly requirements?: readonly {
    readonly key: string;
    readonly operator: "In";
    readonly values: readonly string[];
  }[];
}

export interface SoldType {
  readonly name: string;
  readonly family: string;
  readonly arch: string;
  readonly cpus: number;
  readonly memoryGi: number;
  readonly maxPods: number;
  readonly sales: readonly Sale[];
  /** Names of the pools that may buy it, when not all may. */
  readonly soldTo?: readonly string[];
}

export const FAMILY_LABEL = "example.com/family";
export const CPUS_LABEL = "example.com/cpus";
const RESERVATION_LABEL = "karpenter.test.sh/reservation-id";
export const FAMILIES = ["c", "m", "r"] as const;
export const ZONES = ["zone-a", "zone-b", "zone-c"] as const;

const SIZES = [1, 2, 4, 8, 16, 32] as const;
const GIB_PER_CPU: Readonly<Record<string, number>> = { c: 2, m: 4, r: 8 };

export function randomMarket(draw: Draw, theme: Theme): readonly SoldType[] {
  const isRich = theme === "spot" || theme === "many spot types";
  const families = isRich ? FAMILIES : draw.some(FAMILIES);
  const sizes = isRich ? SIZES : SIZES.filter((size) => size === 4 || draw.happens(0.7));
  // A single spot node goes only where 15 types are cheaper (D-88), which takes more types than three families have.
  const generations = theme === "many spot types" ? ["", "2", "3"] : [""];
  return families.flatMap((family) =>
    generations.flatMap((generation) =>
      sizes.flatMap((cpus) => {
        const plain = soldType(draw, theme, { family, generation, cpus, arch: "amd64" });
        const other = { family, generation, cpus, arch: "arm64" };
        return draw.happens(0.1) ? [plain, soldType(draw, theme, other)] : [plain];
      }),
    ),
  );
}

interface Model {
  readonly family: string;
  readonly generation: string;
  readonly cpus: number;
  readonly arch: string;
}

function soldType(draw: Draw, theme: Theme, { family, generation, cpus, arch }: Model): SoldType {
  const memoryGi = cpus * (GIB_PER_CPU[family] ?? 4);
  const base = (0.04 * cpus + 0.005 * memoryGi) * (draw.between(90, 110) / 100);
  const name = `${family}${generation}${arch === "arm64" ? "a" : ""}.${cpus}`;
  const sales = ZONES.flatMap((zone) => salesIn(draw, theme, { zone, base, name }));
  const isForFew = draw.happens(share(theme, "market", 0.1, 0.01));
  return {
    name,
    family,
    arch,
    cpus,
    memoryGi,
    maxPods: draw.pick([8, 29, 58, 110]),
    sales: sales.length > 0 ? sales : [{ capacityType: "on-demand", zone: "zone-a", price: base, available: true }],
    ...(isForFew && { soldTo: draw.some(["pool-a", "pool-b", "pool-c"]) }),
  };
}

function salesIn(
  draw: Draw,
  theme: Theme,
  { zone, base, name }: { readonly zone: string; readonly base: number; readonly name: string },
): readonly Sale[] {
  const price = (factor: number): number => Math.round(base * factor * 1e5) / 1e5;
  const available = (): boolean => !draw.happens(share(theme, "market", 0.2, 0.04));
  const here = 1 + draw.between(0, 2) / 100;
  return [
    ...(draw.happens(0.9) ? [{ capacityType: "on-demand", zone, price: price(here), available: available() }] : []),
    ...(draw.happens(share(theme, "spot", 0.95, theme === "many spot types" ? 0.95 : 0.6))
      ? [{ capacityType: "spot", zone, price: price(here * (draw.between(30, 70) / 100)), available: available() }]
      : []),
    ...(draw.happens(share(theme, "reserved", 0.35, theme === "market" ? 0.1 : 0.01)) ? [reservedSale()] : []),
  ];

  function reservedSale(): Sale {
    const left = theme === "reserved" ? draw.between(0, 3) : draw.between(1, 3);
    return {
      capacityType: "reserved",
      zone,
      price: price(draw.between(1, 30) / 1e4),
      available: left > 0,
      reservationCapacity: left,
      requirements: [{ key: RESERVATION_LABEL, operator: "In", values: [`r-${name}-${zone}`] }],
    };
  }
}

export function typeJson({ name, family, arch, cpus, memoryGi, maxPods, sales, soldTo }: SoldType): object {
  return {
    name,
    ...(soldTo && { nodePools: soldTo }),
    capacity: { cpu: `${cpus}`, memory: `${memoryGi}Gi`, pods: `${maxPods}`, "ephemeral-storage": "50Gi" },
    overhead: { kubeReserved: { cpu: `${60 + cpus * 5}m`, memory: `${200 + memoryGi * 10}Mi` } },
    requirements: [
      { key: "kubernetes.io/arch", operator: "In", values: [arch] },
      { key: FAMILY_LABEL, operator: "In", values: [family] },
      { key: CPUS_LABEL, operator: "In", values: [`${cpus}`] },
    ],
    offerings: sales,
  };
}
