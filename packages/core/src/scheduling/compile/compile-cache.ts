// What reading the pools of one solve leaves for the next: nothing of it is read again until something it was read from has changed (S-1015).

import type { InstanceType } from "../../provider/index.ts";
import type { Requirements } from "../../requirements/index.ts";
import { isReserved } from "../placement/builds.ts";
import { typesOf } from "../placement/instance-filter.ts";
import type { PoolInput } from "../problem.ts";
import { skipReason, templateOf } from "../templates.ts";
import type { Template, TemplateContext } from "../templates.ts";
import { Universe } from "../topology/universe.ts";
import { NodeBook } from "./node-book.ts";
import type { OptionIndex } from "./option-index.ts";
import { optionIndexOf } from "./pool-table.ts";
import { canonicalRequirement } from "./requirement-book.ts";

/** Provisioning and disruption read pools under different settings; more than these few are not in use at once. */
const MOST_SETTINGS = 4;

/**
 * Given to solve after solve by whoever makes them. It never changes a decision: what is kept is found again only by the
 * contents it was made of, pools and settings by value, instance types and
 * nodes by identity, for those never change.
 */
export class CompileCache {
  /** Nodes and what runs on them. */
  readonly nodes = new NodeBook();
  readonly #shelves = new Map<string, PoolShelf>();

  /** What is kept of pools read under these settings. */
  shelfFor(context: TemplateContext): PoolShelf {
    const text = settingsText(context);
    const shelf = this.#shelves.get(text) ?? new PoolShelf();
    this.#shelves.delete(text);
    this.#shelves.set(text, shelf);
    const [oldest] = this.#shelves.keys();
    if (this.#shelves.size > MOST_SETTINGS && oldest !== undefined) this.#shelves.delete(oldest);
    return shelf;
  }
}

/** One pool read. */
interface KeptPool {
  readonly said: string;
  readonly types: readonly InstanceType[];
  readonly template: Template;
  options?: OptionIndex;
  reserved?: readonly InstanceType[];
}

export class PoolShelf {
  #kept = new Map<string, KeptPool>();
  #universe: { readonly of: readonly Template[]; readonly universe: Universe } | undefined;

  templateOf(pool: PoolInput, context: TemplateContext): Template {
    const name = pool.nodePool.metadata.name ?? "";
    const said = JSON.stringify([pool.nodePool.spec, skipReason(pool) ?? null]);
    const kept = this.#kept.get(name);
    if (kept === undefined || kept.said !== said || !areSame(kept.types, pool.instanceTypes)) {
      const template = templateOf(pool, context);
      this.#kept.set(name, { said, types: pool.instanceTypes, template });
      return template;
    }
    // Its status may be another one by now.
    return kept.template.pool === pool ? kept.template : { ...kept.template, pool };
  }

  optionsOf(template: Template, context: TemplateContext): OptionIndex {
    const kept = this.#kept.get(template.name);
    if (kept?.template.groups !== template.groups) return optionIndexOf(template, context.wellKnown);
    return (kept.options ??= optionIndexOf(template, context.wellKnown));
  }

  /** Types of the template, usable or not, of which some is paid for already. */
  reservedOf(template: Template): readonly InstanceType[] {
    const kept = this.#kept.get(template.name);
    if (kept?.template.sold !== template.sold) return reservedIn(template);
    return (kept.reserved ??= reservedIn(template));
  }

  universeOf(templates: readonly Template[]): Universe {
    const kept = this.#universe;
    if (kept !== undefined && areAlike(kept.of, templates)) return kept.universe;
    const universe = new Universe(templates);
    this.#universe = { of: templates, universe };
    return universe;
  }

  /** Forgets pools that the problem no longer has. */
  keepOnly(templates: readonly Template[]): void {
    if (templates.length === this.#kept.size) return;
    const names = new Set(templates.map(({ name }) => name));
    for (const name of this.#kept.keys()) if (!names.has(name)) this.#kept.delete(name);
  }
}

function reservedIn({ sold }: Template): readonly InstanceType[] {
  return typesOf(sold).filter(({ offerings }) => offerings.some(isReserved));
}

/** Lists that a cloud makes anew are the same as long as each type in them is. */
function areSame(a: readonly InstanceType[], b: readonly InstanceType[]): boolean {
  return a === b || (a.length === b.length && a.every((type, index) => type === b[index]));
}

function areAlike(a: readonly Template[], b: readonly Template[]): boolean {
  return a.length === b.length && a.every(({ sold }, index) => sold === b[index]?.sold);
}

function settingsText({ daemons, wellKnown, normalization, ...settings }: TemplateContext): string {
  const { minValuesPolicy, reservedCapacity, reservationIdLabel } = settings;
  return JSON.stringify([
    daemons.map(({ terms, ...daemon }) => [daemon, terms.map(termText)]),
    [...wellKnown],
    normalization ?? null,
    [minValuesPolicy, reservedCapacity, reservationIdLabel],
  ]);
}

function termText(term: Requirements): string {
  return [...term].map(canonicalRequirement).join();
}
