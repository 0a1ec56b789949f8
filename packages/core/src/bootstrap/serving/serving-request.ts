// Whether a kubelet may have the certificate for its own port that it asks for: it is one of our machines, and asks for names that are its own.

import type { CertificateSigningRequest } from "../../api/index.ts";
import { canonicalAddress, certificateNames } from "./certificate-request.ts";

const KUBELET_SERVING = "kubernetes.io/kubelet-serving";

const USER = "system:node:";
const GROUP = "system:nodes";
/** RSA keys encipher keys too; the others only sign. */
const USAGES: ReadonlySet<string> = new Set(["digital signature", "key encipherment", "server auth"]);

/** The node that an undecided request says it comes from; undefined for all that is not for us to decide. */
export function askingNode({ metadata, spec, status }: CertificateSigningRequest): string | undefined {
  if (spec.signerName !== KUBELET_SERVING || metadata.deletionTimestamp !== undefined) return undefined;
  if ((status?.conditions ?? []).length > 0 || !spec.username?.startsWith(USER)) return undefined;
  return spec.username.slice(USER.length);
}

/** Why it may not have it; undefined when it may. `addresses` are those the cloud tells of the machine. */
export function objection(
  { spec }: CertificateSigningRequest,
  nodeName: string,
  addresses: readonly string[],
): string | undefined {
  if (spec.username !== `${USER}${nodeName}` || spec.groups?.includes(GROUP) !== true)
    return "it was not sent by the node";
  const { usages = [] } = spec;
  if (!usages.includes("server auth") || usages.some((usage) => !USAGES.has(usage)))
    return `it is to be used for ${usages.join(", ")}`;
  let names;
  try {
    names = certificateNames(Buffer.from(spec.request, "base64").toString("utf8"));
  } catch (error) {
    return `it cannot be read (${(error as Error).message})`;
  }
  const { commonNames, organizations, dnsNames, otherNames } = names;
  if (commonNames.length !== 1 || commonNames[0] !== spec.username) return "its subject is not the node";
  if (organizations.length !== 1 || organizations[0] !== GROUP) return "its subject is in other groups";
  if (otherNames > 0) return "it asks for names that are neither of hosts nor addresses";
  if (dnsNames.length + names.addresses.length === 0) return "it asks for no name at all";
  const own = new Set(addresses.map((address) => canonicalAddress(address.replace(/\/\d+$/, ""))));
  const foreign = [
    ...dnsNames.filter((name) => name !== nodeName),
    ...names.addresses.filter((address) => !own.has(address)),
  ];
  return foreign.length === 0 ? undefined : `${foreign.join(", ")} is not its own`;
}
