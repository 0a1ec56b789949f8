// One NodePool ready for packing: its template, its options, and what each of its limits counts.

import { Label } from "../../api/index.ts";
import { addResources, fits, subtractResources } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import type { Template } from "../templates.ts";
import { keep } from "../placement/instance-filter.ts";
import type { TypeGroup } from "../placement/instance-filter.ts";
import type { Bits } from "./bits.ts";
import { OptionIndex } from "./option-index.ts";
import type { Option } from "./option-index.ts";
import { OptionTable, typesIn } from "./option-table.ts";
import type { TaintLists } from "./node-table.ts";
import type { RequirementBook } from "./requirement-book.ts";

export interface PoolTable {
  readonly index: number;
  readonly template: Template;
  /** Number of the template's requirement set, without host name. */
  readonly requirements: number;
  /** Which list of taints. */
  readonly taints: number;
  /** Whether some requirement asks for several values to stay possible. */
  readonly hasMinValues: boolean;
  readonly options: OptionTable;
}

export interface PoolReading {
  readonly book: RequirementBook;
  readonly taintLists: TaintLists;
}

/** `optionIndex`: of the same template, of this solve or an earlier one. */
export function poolTable(
  index: number,
  template: Template,
  optionIndex: OptionIndex,
  { book, taintLists }: PoolReading,
): PoolTable {
  return {
    index,
    template,
    requirements: book.idOf(template.requirements.without(Label.Hostname)),
    taints: taintLists.idOf(template.taints),
    hasMinValues: [...template.requirements].some(({ minValues }) => minValues !== undefined),
    options: new OptionTable(optionIndex, book),
  };
}

export function optionIndexOf(template: Template, wellKnown: ReadonlySet<string>): OptionIndex {
  return new OptionIndex(optionsOf(template, wellKnown));
}

/** A machine that its DaemonSets fill up already takes no pod at all. */
function optionsOf({ groups, requirements }: Template, wellKnown: ReadonlySet<string>): readonly Option[] {
  return groups.flatMap(({ options, overhead }, group) =>
    options.flatMap(({ type, builds }) =>
      builds.flatMap(({ allocatable, offerings }) => {
        if (!fits(overhead, allocatable)) return [];
        const room = subtractResources(addResources(zeros(overhead), allocatable), overhead);
        return offerings.flatMap((offering): readonly Option[] =>
          offering.availability.available && requirements.isCompatible(offering.requirements, wellKnown)
            ? [{ type, offering, room, group }]
            : [],
        );
      }),
    ),
  );
}

function zeros(resources: Resources): Resources {
  return Object.fromEntries(Object.keys(resources).map((resource) => [resource, 0]));
}

/** The groups of types that a set of options leaves, as the rules about whole claims look at them. */
export function groupsIn({ template, options }: PoolTable, left: Bits): readonly TypeGroup[] {
  const types = new Set(typesIn(options, left));
  return keep(template.groups, ({ type }) => types.has(type));
}
