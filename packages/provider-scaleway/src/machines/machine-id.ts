// How a server is named in Kubernetes: provider id, node name, and what is refused (W-35, W-36).

import { createHash } from "node:crypto";

export interface MachineId {
  readonly zone: string;
  readonly id: string;
}

const FORM = /^scaleway:\/\/instance\/([a-z]{2}-[a-z]{3}-[1-9])\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const LONGEST = 63;

export function providerIdOf({ zone, id }: MachineId): string {
  return `scaleway://instance/${zone}/${id}`;
}

/** Undefined for anything that is no Instance of Scaleway (T-64). A server is only ever looked for in the zone it names. */
export function parseProviderId(text: string | undefined): MachineId | undefined {
  const [, zone, id] = FORM.exec(text ?? "") ?? [];
  return zone === undefined || id === undefined ? undefined : { zone, id };
}

/** Server and node carry the claim's name: the cloud controller manager finds one by the other (§1.10). */
export function machineName(claimName: string): string {
  const name = claimName.toLowerCase().replaceAll(/[^a-z0-9-]/g, "-");
  if (name.length <= LONGEST) return name;
  const hash = createHash("sha256").update(claimName).digest("hex").slice(0, 5);
  return `${name.slice(0, 57)}-${hash}`;
}
