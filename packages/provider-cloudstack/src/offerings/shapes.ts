// The sizes that an offering comes in: one for a fixed offering, a grid or the class's list for a custom one (C-45).

import type { OfferingShape } from "../api/cloudstack-node-class.ts";
import type { WireOffering } from "../client/wire.ts";

export interface Shape {
  readonly cpu: number;
  readonly memoryMiB: number;
  /** MHz; what the offering leaves open must be told when a machine is ordered. */
  readonly cpuSpeed?: number;
  readonly isCustom: boolean;
}

export interface Shapes {
  readonly shapes: readonly Shape[];
  /** A custom offering without bounds that the class gives no sizes. */
  readonly needsShapes: boolean;
  /** Sizes of the class that lie outside the offering's bounds. */
  readonly outside: readonly OfferingShape[];
}

const CPUS = [1, 2, 4, 8, 16, 32, 64];
const GIB_PER_CPU = [1, 2, 4, 8];
const MOST_SHAPES = 64;

export function shapesOf(offering: WireOffering, wanted: readonly OfferingShape[] = []): Shapes {
  const { cpuNumber, memoryMiB, cpuSpeed } = offering;
  const speed = cpuSpeed === undefined ? {} : { cpuSpeed };
  if (cpuNumber !== undefined && memoryMiB !== undefined) {
    return { shapes: [{ cpu: cpuNumber, memoryMiB, ...speed, isCustom: false }], needsShapes: false, outside: [] };
  }
  const bounds = boundsOf(offering);
  if (wanted.length > 0) return chosen(wanted, bounds, cpuSpeed);
  if (bounds === undefined) return { shapes: [], needsShapes: true, outside: [] };
  const shapes = grid(bounds).map((shape) => ({ ...shape, ...speed, isCustom: true }));
  return { shapes, needsShapes: false, outside: [] };
}

interface Bounds {
  readonly cpu: readonly [number, number];
  readonly memoryMiB: readonly [number, number];
}

function boundsOf({ details }: WireOffering): Bounds | undefined {
  const { mincpunumber, maxcpunumber, minmemory, maxmemory } = details;
  const [a, b, c, d] = [mincpunumber, maxcpunumber, minmemory, maxmemory].map(Number);
  if (!a || !b || !c || !d) return undefined;
  return { cpu: [a, b], memoryMiB: [c, d] };
}

/** A size needs a speed unless the offering has one. */
function chosen(wanted: readonly OfferingShape[], bounds: Bounds | undefined, cpuSpeed: number | undefined): Shapes {
  const isInside = ({ cpu, memoryMiB, cpuSpeedMHz }: OfferingShape): boolean =>
    (bounds === undefined || (inside(cpu, bounds.cpu) && inside(memoryMiB, bounds.memoryMiB))) &&
    (cpuSpeed !== undefined || cpuSpeedMHz !== undefined);
  const shapes = wanted.filter(isInside).map(({ cpu, memoryMiB, cpuSpeedMHz }) => {
    const speed = cpuSpeed ?? cpuSpeedMHz;
    return { cpu, memoryMiB, ...(speed === undefined ? {} : { cpuSpeed: speed }), isCustom: true };
  });
  return { shapes, needsShapes: false, outside: wanted.filter((shape) => !isInside(shape)) };
}

function grid({ cpu, memoryMiB }: Bounds): readonly { readonly cpu: number; readonly memoryMiB: number }[] {
  const cpus = [...new Set([...CPUS, ...cpu])].filter((one) => inside(one, cpu)).sort((a, b) => a - b);
  return cpus
    .flatMap((one) => GIB_PER_CPU.map((gib) => ({ cpu: one, memoryMiB: one * gib * 1024 })))
    .filter((shape) => inside(shape.memoryMiB, memoryMiB))
    .slice(0, MOST_SHAPES);
}

function inside(value: number, [min, max]: readonly [number, number]): boolean {
  return value >= min && value <= max;
}
