// What the server does with objects of one kind beyond what it does with all of them.

import type { Resource } from "../../api/index.ts";
import type { Named, Problem } from "./answers.ts";
import type { Draft, Stored } from "./json.ts";

/** What rules may look at besides the object itself. */
export interface Surroundings {
  readonly now: () => number;
  /** Value of a PriorityClass, undefined when there is none. */
  readonly priorityOf: (className: string) => number | undefined;
}

export type FieldReader = (object: Stored) => string;

export interface KindRules extends Named {
  readonly resource: Resource;
  /** Defined by a CustomResourceDefinition: strategic patches are refused, lists carry apiVersion and kind. */
  readonly custom: boolean;
  /** Serves the status subresource. */
  readonly status: boolean;
  /** Counts changes of the spec. */
  readonly generation: boolean;
  /** An update without resourceVersion overwrites whatever is there. */
  readonly unconditionalUpdate: boolean;
  /** An update of what is not there creates it. */
  readonly createOnUpdate: boolean;
  /** Selectable fields besides name and namespace; undefined where the server knows only these two. */
  readonly fields?: Readonly<Record<string, FieldReader>>;
  /** Fills in and canonicalises what any request body carries. @throws KubeError 400 for what cannot be decoded */
  decode?(draft: Draft): void;
  /** Admission: may change or refuse a new object. @throws KubeError 403 */
  admit?(draft: Draft, around: Surroundings): void;
  prepareCreate?(draft: Draft, around: Surroundings): void;
  prepareUpdate?(draft: Draft, old: Stored): void;
  prepareStatus?(draft: Draft, old: Stored): void;
  validate?(draft: Draft, old: Stored | undefined): readonly Problem[];
  /** Names are DNS labels, without dots. */
  readonly nameIsLabel?: boolean;
}

type Optional = "custom" | "status" | "generation" | "unconditionalUpdate" | "createOnUpdate";

/** Rules of a kind, with what is usual for built-in kinds filled in. */
export function kindRules(
  resource: Resource,
  own: Partial<Pick<KindRules, Optional>> &
    Omit<Partial<KindRules>, Optional | "resource" | "id" | "qualifiedKind"> = {},
): KindRules {
  const { group, kind, plural } = resource;
  return {
    resource,
    id: group === "" ? plural : `${plural}.${group}`,
    qualifiedKind: group === "" ? kind : `${kind}.${group}`,
    custom: false,
    status: false,
    generation: false,
    unconditionalUpdate: true,
    createOnUpdate: false,
    ...own,
  };
}
