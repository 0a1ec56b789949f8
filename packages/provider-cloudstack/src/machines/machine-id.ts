// How a machine is named in CloudStack and in Kubernetes, and which spellings of its identity are understood (C-50, C-52).

import { createHash } from "node:crypto";

import { slug } from "../offerings/names.ts";

export type ProviderIdFormat = "ccm" | "capc" | "zoned";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const LONGEST = 63;

/** What stands before the machine's UUID. */
export function providerIdPrefix(format: ProviderIdFormat, zoneName: string): string {
  if (format === "capc") return "cloudstack:///";
  return format === "zoned" ? `cloudstack://${slug(zoneName)}/` : "external-cloudstack://";
}

/** The machine's UUID in lower case; undefined for anything that is no machine of CloudStack. */
export function parseProviderId(text: string | undefined): string | undefined {
  const [, path = ""] = /^(?:external-)?cloudstack:\/\/(.*)$/.exec(text ?? "") ?? [];
  const id = path.split("/").at(-1)?.toLowerCase() ?? "";
  return UUID.test(id) ? id : undefined;
}

/** Machine and node carry the claim's name: the cloud controller manager finds one by the other. */
export function machineName(claimName: string, uid: string): string {
  const plain = claimName
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  const name = /^[0-9]/.test(plain) || plain === "" ? `n-${plain}`.replace(/-+$/, "") : plain;
  if (name.length <= LONGEST) return name;
  const hash = createHash("sha256").update(uid).digest("hex").slice(0, 8);
  return `${name.slice(0, LONGEST - 9).replace(/-+$/, "")}-${hash}`;
}

/** For a name that a machine nobody can remove still holds (C-65). */
export function retryName(name: string, attempt: number): string {
  return `${name.slice(0, LONGEST - 3).replace(/-+$/, "")}-r${attempt}`;
}
