// What the API server's audit log says about one user.

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

export interface AuditSummary {
  readonly requests: number;
  /** "verb uri" of each request that RBAC refused. */
  readonly denied: readonly string[];
}

interface Entry {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly responseStatus?: { readonly code?: number };
  readonly annotations?: Readonly<Record<string, string>>;
}

export async function auditOf(path: string, user: string): Promise<AuditSummary> {
  const denied = new Set<string>();
  let requests = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    // The server may have been killed within a line.
    if (!line.includes(`"username":"${user}"`) || !line.endsWith("}")) continue;
    const entry = JSON.parse(line) as Entry;
    requests++;
    if (entry.annotations?.["authorization.k8s.io/decision"] === "forbid" || entry.responseStatus?.code === 403) {
      denied.add(`${entry.verb} ${entry.requestURI}`);
    }
  }
  return { requests, denied: [...denied] };
}
