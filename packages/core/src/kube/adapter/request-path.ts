// Where a resource lives on the API server: paths and query strings.

import type { Resource } from "../../api/index.ts";
import type { ObjectKey } from "../client.ts";

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** `/api/v1/namespaces/a/pods`, or the whole cluster's collection without a namespace. */
export function collectionPath(resource: Resource, namespace?: string): string {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${segment(namespace)}` : "";
  return `${root}${scope}/${resource.plural}`;
}

/** @throws TypeError when the key cannot name one object: the request would reach a whole collection. */
export function objectPath(resource: Resource, key: ObjectKey, subresource?: string): string {
  if (key.name === "") throw new TypeError(`a request for one of ${resource.plural} needs a name`);
  if (resource.namespaced && !key.namespace) {
    throw new TypeError(`a request for ${resource.plural} ${key.name} needs a namespace`);
  }
  const path = `${collectionPath(resource, key.namespace)}/${segment(key.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** "?a=b&c=d" in the given order, without what is undefined. */
export function queryText(query: Query): string {
  const parts = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

/** No name can leave its place in the path: "/" is escaped, and "." and ".." are no names. */
function segment(name: string): string {
  if (name === "." || name === "..") throw new TypeError(`${JSON.stringify(name)} is no name of an object`);
  return encodeURIComponent(name);
}
