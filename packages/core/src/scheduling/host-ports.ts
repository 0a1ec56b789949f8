// Which ports of its node a pod occupies, and whether two pods can share a node in that respect (S-240).

import type { PodSpec } from "../api/index.ts";

export interface HostPort {
  readonly ip: string;
  readonly port: number;
  readonly protocol: string;
}

const EVERY_ADDRESS: readonly string[] = ["0.0.0.0", "::"];

/** Ordinary init containers are gone before the pod serves; sidecars stay. */
export function hostPortsOf({ spec }: { readonly spec: PodSpec }): readonly HostPort[] {
  const sidecars = (spec.initContainers ?? []).filter((container) => container.restartPolicy === "Always");
  return [...spec.containers, ...sidecars]
    .flatMap((container) => container.ports ?? [])
    .flatMap(({ hostPort, hostIP, protocol }) =>
      hostPort ? [{ ip: hostIP || "0.0.0.0", port: hostPort, protocol: protocol || "TCP" }] : [],
    );
}

/** The first wanted port that is taken. */
export function portConflict(wanted: readonly HostPort[], taken: readonly HostPort[]): HostPort | undefined {
  if (wanted.length === 0 || taken.length === 0) return undefined;
  return wanted.find((port) => taken.some((other) => clash(port, other)));
}

function clash(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  return a.ip === b.ip || EVERY_ADDRESS.includes(a.ip) || EVERY_ADDRESS.includes(b.ip);
}
