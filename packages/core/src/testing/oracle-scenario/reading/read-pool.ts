// NodePools of a scenario with what the API server would have filled in, and a condition that says they are ready.

import type { Budget, Condition, NodePool } from "../../../api/index.ts";
import { listAt, objectAt } from "./json-shape.ts";
import type { JsonObject } from "./json-shape.ts";
import { named, SCENARIO_CLASS } from "./named-object.ts";

export function readPool(raw: JsonObject, place: string): NodePool {
  const pool = named(raw, "NodePool", false) as NodePool;
  const spec = objectAt(raw["spec"], `${place}.spec`);
  const template = objectAt(spec["template"], `${place}.spec.template`);
  const templateSpec = objectAt(template["spec"], `${place}.spec.template.spec`) as Partial<
    NodePool["spec"]["template"]["spec"]
  >;
  const { conditions } = objectAt(raw["status"], `${place}.status`) as { readonly conditions?: readonly Condition[] };
  const disruption = objectAt(spec["disruption"], `${place}.spec.disruption`);
  return {
    ...pool,
    spec: {
      ...pool.spec,
      disruption: { ...disruption, budgets: readBudgets(disruption, `${place}.spec.disruption`) },
      template: {
        ...pool.spec?.template,
        spec: {
          ...templateSpec,
          nodeClassRef: templateSpec.nodeClassRef ?? SCENARIO_CLASS,
          requirements: templateSpec.requirements ?? [],
          expireAfter: templateSpec.expireAfter ?? "720h",
        },
      },
    },
    status: { ...pool.status, conditions: conditions?.length ? conditions : [READY] },
  };
}

/** An empty list is a list: it allows everything. */
function readBudgets({ budgets }: JsonObject, place: string): readonly Budget[] {
  if (budgets === undefined || budgets === null) return [DEFAULT_BUDGET];
  return listAt(budgets, `${place}.budgets`).map((budget) => ({ ...DEFAULT_BUDGET, ...budget }));
}

const DEFAULT_BUDGET: Budget = { nodes: "10%" };
const READY: Condition = {
  type: "Ready",
  status: "True",
  reason: "Ready",
  message: "",
  lastTransitionTime: "2025-12-31T12:00:00Z",
};
