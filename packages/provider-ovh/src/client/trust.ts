// Makes every https call of this process also trust a private certificate authority; node-ovh offers no way to hand one to a single client.

import { globalAgent } from "node:https";
import { createSecureContext, getCACertificates } from "node:tls";

const added = new Set<string>();

/** PEM text; saying it twice changes nothing. Only added: the public authorities stay trusted. */
export function trustCertificate(caPem: string): void {
  const pem = caPem.trim();
  if (pem === "" || added.has(pem)) return;
  if (!pem.includes("-----BEGIN CERTIFICATE-----")) throw new Error("the certificate authority is not PEM text");
  added.add(pem);
  // As a context: the agent makes the text of `ca` part of the name it looks connections up by, 200 kB for every request.
  globalAgent.options.secureContext = createSecureContext({ ca: [...getCACertificates("default"), ...added] });
}
