// How the certificate authority of a cluster is named to a machine that has never met it.

import { createHash, X509Certificate } from "node:crypto";
import { BootstrapError } from "./bootstrap-error.ts";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** One per certificate, as kubeadm wants them: sha256: and the hex digest of the DER SubjectPublicKeyInfo. @throws BootstrapError */
export function caHashes(caBundle: string): readonly string[] {
  const certificates = caBundle.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw new BootstrapError("ClusterFactsMissing", "the CA bundle holds no certificate");
  return [...new Set(certificates.map(hashOf))];
}

/** Over the bundle's very bytes, as k3s and RKE2 write it into their tokens. */
export function caBundleDigest(caBundle: string): string {
  return createHash("sha256").update(caBundle, "utf8").digest("hex");
}

function hashOf(pem: string): string {
  try {
    const spki = new X509Certificate(pem).publicKey.export({ type: "spki", format: "der" });
    return `sha256:${createHash("sha256").update(spki).digest("hex")}`;
  } catch (cause) {
    throw new BootstrapError("ClusterFactsMissing", "the CA bundle holds an unreadable certificate", { cause });
  }
}
