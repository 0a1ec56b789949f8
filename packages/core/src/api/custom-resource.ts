// Everything that makes up a custom resource, and the CustomResourceDefinition made from it.

import type { KubeObject } from "./meta.ts";
import type { Resource } from "./resources.ts";
import type { Schema } from "./schema/index.ts";

export interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "date" | "boolean" | "number";
  readonly jsonPath: string;
  /** 1 shows the column with `-o wide` only. */
  readonly priority?: 1;
  readonly description?: string;
}

export interface ScaleSubresource {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
}

export interface CustomResource<T extends KubeObject = KubeObject> {
  readonly resource: Resource<T>;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly printerColumns: readonly PrinterColumn[];
  readonly subresources: { readonly status: true; readonly scale?: ScaleSubresource };
  /** Of the whole object: apiVersion, kind, metadata, spec, status. */
  readonly schema: Schema;
}

export interface RootParts {
  readonly description: string;
  readonly spec: Schema;
  readonly status: Schema;
  /** False for kinds that may be created without a spec. @defaultValue true */
  readonly specRequired?: boolean;
}

/** The root schema that every custom object has. */
export function rootSchema({ description, spec, status, specRequired = true }: RootParts): Schema {
  return {
    type: "object",
    description,
    ...(specRequired ? { required: ["spec"] } : {}),
    properties: {
      apiVersion: { type: "string", description: "Group and version of this object." },
      kind: { type: "string", description: "Kind of this object." },
      metadata: { type: "object" },
      spec,
      status,
    },
  };
}

/** Name of the CustomResourceDefinition object: `<plural>.<group>`. */
export function definitionName(resource: Resource): string {
  return `${resource.plural}.${resource.group}`;
}

/** The CustomResourceDefinition as `kubectl apply` takes it: one version, served and stored. */
export function toCustomResourceDefinition(definition: CustomResource): object {
  const { resource, shortNames, categories, printerColumns, subresources, schema } = definition;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: definitionName(resource) },
    spec: {
      group: resource.group,
      names: {
        categories,
        kind: resource.kind,
        listKind: `${resource.kind}List`,
        plural: resource.plural,
        ...(shortNames.length === 0 ? {} : { shortNames }),
        singular: resource.kind.toLowerCase(),
      },
      scope: resource.namespaced ? "Namespaced" : "Cluster",
      versions: [
        {
          additionalPrinterColumns: printerColumns,
          name: resource.version,
          schema: { openAPIV3Schema: toOpenApi(schema) },
          served: true,
          storage: true,
          subresources: {
            ...(subresources.scale === undefined ? {} : { scale: subresources.scale }),
            status: {},
          },
        },
      ],
    },
  };
}

/** The schema as JSON: rules lose their TypeScript side, whole numbers or texts are spelt out as the server wants them. */
function toOpenApi(schema: Schema): object {
  const { properties, items, additionalProperties, "x-kubernetes-validations": rules, ...rest } = schema;
  return {
    ...(schema["x-kubernetes-int-or-string"] ? { anyOf: [{ type: "integer" }, { type: "string" }] } : {}),
    ...rest,
    ...(properties === undefined ? {} : { properties: mapValues(properties, toOpenApi) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: toOpenApi(additionalProperties) }),
    ...(items === undefined ? {} : { items: toOpenApi(items) }),
    ...(rules === undefined
      ? {}
      : {
          "x-kubernetes-validations": rules.map(({ rule, message, fieldPath }) => ({
            ...(fieldPath === undefined ? {} : { fieldPath }),
            message,
            rule,
          })),
        }),
  };
}

function mapValues<V, W>(record: Readonly<Record<string, V>>, change: (value: V) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
