// How offerings, zones and networks are called in labels, whose values may hold less than CloudStack's names (C-40, C-44).

const LONGEST = 63;

/** Empty when nothing is left. */
export function slug(name: string): string {
  const plain = name.normalize("NFKD").replaceAll(/\p{M}/gu, "");
  const cleaned = trimmed(plain.replaceAll(/[^A-Za-z0-9._-]+/g, "-"));
  return trimmed(cleaned.slice(0, LONGEST));
}

export interface Nameable {
  readonly id: string;
  readonly name: string;
}

export interface InstanceTypeNames {
  /** Offering id → instance type. */
  readonly byId: ReadonlyMap<string, string>;
  /** Aliases that could not be used, for an event. */
  readonly conflicts: readonly string[];
}

/** Unique among the offerings that one class sees. Aliases: offering name → instance type. */
export function instanceTypeNames(
  offerings: readonly Nameable[],
  aliases: Readonly<Record<string, string>> = {},
): InstanceTypeNames {
  const slugs = new Map(offerings.map((offering) => [offering.id, slug(offering.name) || `so-${short(offering.id)}`]));
  const counts = new Map<string, number>();
  for (const name of slugs.values()) counts.set(name, (counts.get(name) ?? 0) + 1);
  const conflicts: string[] = [];
  const byId = new Map<string, string>();
  for (const { id, name } of offerings) {
    const own = slugs.get(id) ?? "";
    const alias = aliases[name];
    if (alias !== undefined) {
      if (slug(alias) === alias && alias !== "" && (!counts.has(alias) || alias === own)) {
        byId.set(id, alias);
        continue;
      }
      conflicts.push(name);
    }
    byId.set(id, (counts.get(own) ?? 0) > 1 ? suffixed(own, id) : own);
  }
  return { byId, conflicts };
}

/** "custom-constrained.4x16": memory in GiB, with one decimal where it is no whole number. */
export function shapeName(offering: string, shape: { readonly cpu: number; readonly memoryMiB: number }): string {
  const gib = shape.memoryMiB / 1024;
  return `${offering}.${shape.cpu}x${Number.isInteger(gib) ? gib : gib.toFixed(1)}`;
}

function suffixed(name: string, id: string): string {
  return `${trimmed(name.slice(0, LONGEST - 9))}-${short(id)}`;
}

function short(id: string): string {
  return id.slice(0, 8);
}

function trimmed(text: string): string {
  return text.replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
}
