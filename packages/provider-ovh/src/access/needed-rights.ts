// Which calls a consumer key must be granted, and which of them its access rules lack (O-66): found out at the start, not at the first launch.

import { kindOf } from "../client/failure-kind.ts";
import type { HttpMethod, OvhApi } from "../client/ovh-api.ts";
import { isObject } from "../client/wire.ts";

export interface AccessRule {
  readonly method: string;
  /** `*` stands for anything, slashes included. */
  readonly path: string;
}

export interface RightsQuestion {
  readonly serviceName: string;
  readonly kubeId: string;
  /** OVH_DELETE_MODE=node: machines are deleted one by one. */
  readonly deletesNodes: boolean;
}

interface Right {
  readonly method: HttpMethod;
  /** As it is granted. */
  readonly path: string;
}

/** Stands for any id in a path that rules are held against. */
const SOME_ID = "00000000-0000-4000-8000-000000000000";
const ROUTE = "/auth/currentCredential";

/** Undefined where the key may not even ask for that, and for everything that is no consumer key. */
export async function readAccessRules(api: OvhApi, signal: AbortSignal): Promise<readonly AccessRule[] | undefined> {
  try {
    const { data } = await api.call("GET", { path: ROUTE, route: ROUTE, signal });
    const rules = isObject(data) ? data["rules"] : undefined;
    return Array.isArray(rules) && rules.length > 0 && rules.every(isRule) ? rules : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (["permission", "auth", "not-found", "config"].includes(kindOf(error))) return undefined;
    throw error;
  }
}

/** As users grant them: `POST /cloud/project/…/nodepool`. Undefined when the rules contradict what has just worked. */
export function missingRights(rules: readonly AccessRule[], question: RightsQuestion): readonly string[] | undefined {
  const { reads, writes } = neededRights(question);
  const lacks = ({ method, path }: Right): boolean => !isGranted(rules, method, path.replace("*", SOME_ID));
  // These calls have been made before this is asked: rules that deny them are rules that we do not understand.
  if (reads.some(lacks)) return undefined;
  return writes.filter(lacks).map(({ method, path }) => `${method} ${path}`);
}

function neededRights({ serviceName, kubeId, deletesNodes }: RightsQuestion): {
  readonly reads: readonly Right[];
  readonly writes: readonly Right[];
} {
  const cluster = `/cloud/project/${serviceName}/kube/${kubeId}`;
  return {
    reads: [
      { method: "GET", path: cluster },
      { method: "GET", path: `${cluster}/nodepool` },
    ],
    writes: [
      { method: "GET", path: `${cluster}/nodepool/*` },
      { method: "GET", path: `${cluster}/nodepool/*/nodes` },
      { method: "POST", path: `${cluster}/nodepool` },
      { method: "PUT", path: `${cluster}/nodepool/*` },
      { method: "DELETE", path: `${cluster}/nodepool/*` },
      ...(deletesNodes ? [{ method: "DELETE" as const, path: `${cluster}/node/*` }] : []),
    ],
  };
}

function isGranted(rules: readonly AccessRule[], method: string, path: string): boolean {
  return rules.some((rule) => rule.method.toUpperCase() === method && covers(rule.path, path));
}

/** A name in braces stands for one segment. */
function covers(pattern: string, path: string): boolean {
  const parts = pattern.replace(/\/+$/, "").split(/(\*|\{[^}/]*\})/);
  const source = parts.map((part) => (part === "*" ? ".*" : part.startsWith("{") ? "[^/]+" : escaped(part))).join("");
  return new RegExp(`^${source}$`).test(path);
}

function escaped(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
}

function isRule(rule: unknown): rule is AccessRule {
  return isObject(rule) && typeof rule["method"] === "string" && typeof rule["path"] === "string";
}
