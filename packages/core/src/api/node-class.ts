// What every provider's NodeClass has in common: cluster-scoped, with a root condition Ready.

import type { Condition, KubeObject } from "./meta.ts";

export interface NodeClass extends KubeObject {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: { readonly conditions?: readonly Condition[] };
}

export interface GroupKind {
  readonly group: string;
  readonly kind: string;
}
