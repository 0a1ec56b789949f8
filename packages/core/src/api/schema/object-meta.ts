// The fields of `metadata` and what the server asks of them, for every kind.

import { bool, dateTime, integer, list, mapOf, object, setOf, text, anyObject } from "./builders.ts";
import { DNS_SUBDOMAIN, LABEL_VALUE, QUALIFIED_NAME } from "./patterns.ts";
import { rule } from "./schema.ts";
import type { ValidationRule } from "./schema.ts";

const ownerReference = object(
  {
    apiVersion: text({ minLength: 1 }),
    kind: text({ minLength: 1 }),
    name: text({ minLength: 1 }),
    uid: text({ minLength: 1 }),
    controller: bool(),
    blockOwnerDeletion: bool(),
  },
  { required: ["apiVersion", "kind", "name", "uid"] },
);

function keysAre(message: string, valid: (key: string) => boolean): ValidationRule {
  return rule<Readonly<Record<string, unknown>>>(
    `self.all(k, k.matches('${QUALIFIED_NAME.replaceAll("\\", "\\\\")}') && size(k.split('/')[size(k.split('/')) - 1]) <= 63)`,
    {
      message,
      check: (self) => Object.keys(self).every(valid),
      locate: (self) => `[${Object.keys(self).find((key) => !valid(key)) ?? ""}]`,
    },
  );
}

/** Prefix up to 253 characters, name up to 63. */
export function isQualifiedName(key: string): boolean {
  const parts = key.split("/");
  const name = parts.at(-1) ?? "";
  return new RegExp(QUALIFIED_NAME).test(key) && name.length <= 63 && key.length - name.length <= 254;
}

const labels = mapOf(text({ maxLength: 63, pattern: LABEL_VALUE }), {
  "x-kubernetes-validations": [keysAre("a label key must be a name such as team or example.com/team", isQualifiedName)],
});

const annotations = mapOf(text(), {
  "x-kubernetes-validations": [
    keysAre("an annotation key must be a name such as team or example.com/team", (key) =>
      isQualifiedName(key.toLowerCase()),
    ),
  ],
});

export const objectMetaSchema = object({
  name: text({ minLength: 1, maxLength: 253, pattern: DNS_SUBDOMAIN }),
  generateName: text(),
  namespace: text(),
  labels,
  annotations,
  finalizers: setOf(text({ pattern: QUALIFIED_NAME })),
  ownerReferences: list(ownerReference),
  uid: text(),
  resourceVersion: text(),
  generation: integer({ format: "int64" }),
  creationTimestamp: { ...dateTime(), nullable: true },
  deletionTimestamp: { ...dateTime(), nullable: true },
  deletionGracePeriodSeconds: integer({ format: "int64", minimum: 0 }),
  selfLink: text(),
  managedFields: list(anyObject()),
});

/** Metadata of a pod template: names and owners are accepted there and mean nothing. */
export const templateMetaSchema = object({ ...objectMetaSchema.properties, name: text() });
