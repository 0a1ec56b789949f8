// NodePool of karpenter.sh/v1 as the API server sees it: shape, defaults, rules, columns.

import type { CustomResource } from "../custom-resource.ts";
import { rootSchema } from "../custom-resource.ts";
import { NodePools } from "../resources.ts";
import { integer, list, mapOf, object, oneOf, setOf, text, describe } from "../schema/builders.ts";
import { conditionsSchema } from "../schema/condition-schema.ts";
import { HOSTNAME_KEY, KARPENTER_DOMAIN, mapKeysRule, NODE_POOL_KEY } from "../schema/label-rules.ts";
import {
  expireAfterSchema,
  nodeClassRefSchema,
  taintsSchema,
  terminationGracePeriodSchema,
} from "../schema/node-parts.ts";
import { DURATION_OR_NEVER, LABEL_VALUE, resourceListSchema } from "../schema/patterns.ts";
import { requirementsSchema } from "../schema/requirement-schema.ts";
import { rule } from "../schema/schema.ts";
import type { Budget, NodeClassRef, NodePool, NodePoolSpec } from "./node-pool.ts";

const REPLICAS_STAY = rule<NodePoolSpec>("has(self.replicas) == has(oldSelf.replicas)", {
  message: "replicas cannot be added to or removed from an existing NodePool; create another one",
  check: (self, old) => (self.replicas === undefined) === (old.replicas === undefined),
});

const STATIC_LIMITS = rule<NodePoolSpec>(
  "!has(self.replicas) || !has(self.limits) || size(self.limits) == 0 || (size(self.limits) == 1 && 'nodes' in self.limits)",
  {
    message: "with replicas only limits.nodes may be set",
    check: ({ replicas, limits = {} }) =>
      replicas === undefined || Object.keys(limits).every((name) => name === "nodes"),
  },
);

const STATIC_WEIGHT = rule<NodePoolSpec>("!has(self.replicas) || !has(self.weight)", {
  message: "weight cannot be set together with replicas",
  check: ({ replicas, weight }) => replicas === undefined || weight === undefined,
});

const GROUP_STAYS = rule<NodeClassRef>("self.group == oldSelf.group", {
  message: "nodeClassRef.group cannot be changed; create another NodePool",
  check: (self, old) => self.group === old.group,
});

const KIND_STAYS = rule<NodeClassRef>("self.kind == oldSelf.kind", {
  message: "nodeClassRef.kind cannot be changed; create another NodePool",
  check: (self, old) => self.kind === old.kind,
});

function hasWindow({ schedule, duration }: Budget): boolean {
  return (schedule === undefined) === (duration === undefined);
}

const SCHEDULE_WITH_DURATION = rule<readonly Budget[]>("self.all(x, has(x.schedule) == has(x.duration))", {
  message: "schedule and duration of a budget must be set together",
  check: (self) => self.every(hasWindow),
  locate: (self) => `[${self.findIndex((budget) => !hasWindow(budget))}]`,
});

const budget = object(
  {
    duration: text({
      pattern: "^((([0-9]+(h|m))|([0-9]+h[0-9]+m))(0s)?)$",
      description:
        "How long the budget is in force after each hit of the schedule: hours and minutes such as 8h or 1h30m.",
    }),
    nodes: text({
      default: "10%",
      pattern: "^((100|[0-9]{1,2})%|[0-9]+)$",
      description:
        "How many nodes may be disrupted at once: a number, or a percentage of the pool's nodes (rounded up).",
    }),
    reasons: setOf(oneOf(["Underutilized", "Empty", "Drifted"]), {
      maxItems: 50,
      description: "Reasons the budget counts for; absent is all of them.",
    }),
    schedule: text({
      pattern: "^(@(annually|yearly|monthly|weekly|daily|midnight|hourly))|((.+)\\s(.+)\\s(.+)\\s(.+)\\s(.+))$",
      description: "When the budget comes into force: cron with five fields, in UTC, or a macro such as @daily.",
    }),
  },
  { required: ["nodes"] },
);

const disruption = object(
  {
    budgets: list(budget, {
      default: [{ nodes: "10%" }],
      maxItems: 50,
      description:
        "Limits to how many nodes are disrupted at once; the strictest one in force counts. An empty list is no limit.",
      "x-kubernetes-validations": [SCHEDULE_WITH_DURATION],
    }),
    consolidateAfter: text({
      default: "0s",
      pattern: DURATION_OR_NEVER,
      description:
        "How long a node must be without new or ended pods before it is consolidated; Never switches that off.",
    }),
    consolidationPolicy: oneOf(["WhenEmpty", "WhenEmptyOrUnderutilized", "Balanced"], {
      default: "WhenEmptyOrUnderutilized",
      description: "Which nodes may be consolidated.",
    }),
  },
  { default: { consolidateAfter: "0s" }, description: "How nodes of this pool are disrupted." },
);

const templateMetadata = object({
  annotations: mapOf(text(), { description: "Annotations of the nodes." }),
  labels: mapOf(text({ maxLength: 63, pattern: LABEL_VALUE }), {
    description: "Labels of the nodes.",
    maxProperties: 100,
    "x-kubernetes-map-type": "atomic",
    "x-kubernetes-validations": [KARPENTER_DOMAIN, NODE_POOL_KEY, HOSTNAME_KEY].map(mapKeysRule),
  }),
});

const template = object(
  {
    metadata: templateMetadata,
    spec: object(
      {
        expireAfter: expireAfterSchema,
        nodeClassRef: nodeClassRefSchema([GROUP_STAYS, KIND_STAYS]),
        requirements: requirementsSchema("What the nodes of this pool may be.", [NODE_POOL_KEY]),
        startupTaints: taintsSchema("Taints that something else removes once the node is ready for pods."),
        taints: taintsSchema("Taints of the nodes."),
        terminationGracePeriod: terminationGracePeriodSchema,
      },
      { description: "The nodes to be created.", required: ["nodeClassRef", "requirements"] },
    ),
  },
  { description: "What every NodeClaim of this pool starts from.", required: ["spec"] },
);

const spec = object(
  {
    disruption,
    limits: describe(
      resourceListSchema,
      "Sums that the nodes of this pool may not exceed; the name nodes counts nodes.",
    ),
    replicas: integer({
      format: "int64",
      minimum: 0,
      description: "Keeps exactly that many nodes, whatever the pods ask for.",
    }),
    template,
    weight: integer({
      format: "int32",
      minimum: 1,
      maximum: 100,
      description: "Pools of higher weight are tried first.",
    }),
  },
  {
    description: "What is wanted.",
    required: ["template"],
    rules: [REPLICAS_STAY, STATIC_LIMITS, STATIC_WEIGHT],
  },
);

const status = object(
  {
    conditions: conditionsSchema,
    nodeClassObservedGeneration: integer({
      format: "int64",
      description: "Generation of the NodeClass that was last seen.",
    }),
    nodes: integer({ format: "int64", default: 0, description: "How many nodes the pool has." }),
    resources: describe(resourceListSchema, "What the nodes of the pool have together."),
  },
  { description: "What was found." },
);

const CONDITION_READY = '.status.conditions[?(@.type=="Ready")].status';

export const NodePoolResource: CustomResource<NodePool> = {
  resource: NodePools,
  shortNames: [],
  categories: ["karpenter"],
  printerColumns: [
    { name: "NodeClass", type: "string", jsonPath: ".spec.template.spec.nodeClassRef.name" },
    { name: "Nodes", type: "string", jsonPath: ".status.nodes" },
    { name: "Ready", type: "string", jsonPath: CONDITION_READY },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    { name: "Weight", type: "integer", jsonPath: ".spec.weight", priority: 1 },
    { name: "CPU", type: "string", jsonPath: ".status.resources.cpu", priority: 1 },
    { name: "Memory", type: "string", jsonPath: ".status.resources.memory", priority: 1 },
  ],
  subresources: {
    status: true,
    scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.nodes" },
  },
  schema: rootSchema({ description: "A kind of nodes that may be created when pods need them.", spec, status }),
};
