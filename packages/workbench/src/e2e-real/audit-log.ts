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
  readonly requestReceivedTimestamp: string;
  readonly user: { readonly username: string };
  readonly responseStatus?: { readonly code?: number };
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Epoch ms. */
export interface Outage {
  readonly from: number;
  readonly to: number;
}

/** Outages of the server do not count: until it is ready, a starting server refuses everybody, because it has not read the roles yet. */
export async function auditOf(path: string, user: string, outages: readonly Outage[] = []): Promise<AuditSummary> {
  const denied = new Set<string>();
  let requests = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    // The server may have been killed within a line.
    if (!line.includes(`"username":"${user}"`) || !line.endsWith("}")) continue;
    const entry = JSON.parse(line) as Entry;
    const at = Date.parse(entry.requestReceivedTimestamp);
    if (outages.some(({ from, to }) => at >= from && at <= to)) continue;
    requests++;
    if (entry.annotations?.["authorization.k8s.io/decision"] === "forbid" || entry.responseStatus?.code === 403) {
      denied.add(`${entry.verb} ${entry.requestURI}`);
    }
  }
  return { requests, denied: [...denied] };
}
