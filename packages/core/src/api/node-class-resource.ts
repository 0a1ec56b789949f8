// How a provider declares the custom resource of its NodeClass.

import { rootSchema } from "./custom-resource.ts";
import type { CustomResource, PrinterColumn } from "./custom-resource.ts";
import type { NodeClass } from "./node-class.ts";
import type { Resource } from "./resources.ts";
import { object } from "./schema/builders.ts";
import { conditionsSchema } from "./schema/condition-schema.ts";
import type { Schema } from "./schema/schema.ts";

export interface NodeClassParts<T extends NodeClass> {
  readonly resource: Resource<T>;
  /** At least one. */
  readonly shortNames: readonly [string, ...string[]];
  readonly description: string;
  readonly spec: Schema;
  /** Fields of the status besides `conditions`, which is always there. */
  readonly status?: Readonly<Record<string, Schema>>;
  /** Columns besides Ready (first) and Age (last of the narrow ones). */
  readonly columns?: readonly PrinterColumn[];
  /** @defaultValue true */
  readonly specRequired?: boolean;
}

/** Cluster-scoped, category karpenter, status subresource, conditions with a Ready column. */
export function nodeClassResource<T extends NodeClass>(parts: NodeClassParts<T>): CustomResource<T> {
  const { resource, shortNames, description, spec, status = {}, columns = [], specRequired = true } = parts;
  if (resource.namespaced) throw new Error(`node class ${resource.kind} must be cluster-scoped`);
  return {
    resource,
    shortNames,
    categories: ["karpenter"],
    printerColumns: [
      { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
      ...columns.filter((column) => column.priority === undefined),
      { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
      ...columns.filter((column) => column.priority !== undefined),
    ],
    subresources: { status: true },
    schema: rootSchema({
      description,
      spec,
      status: object({ ...status, conditions: conditionsSchema }, { description: "What was found." }),
      specRequired,
    }),
  };
}
