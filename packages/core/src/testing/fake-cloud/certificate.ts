// A certificate authority made at start, and a certificate of it for localhost.
// Written out by hand because strict clients (Python 3.13) want key identifiers in both certificates.

import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { wallMs } from "./wall-time.ts";

export interface Certificates {
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

const DAY_MS = 86_400_000;
const OID = {
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  commonName: "2.5.4.3",
  subjectKeyId: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyId: "2.5.29.35",
  extKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
} as const;
const CA_NAME = "karpenter-multicloud fake OVHcloud CA";

export function makeCertificates(): Certificates {
  const ca = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const leaf = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const caPem = certificate({
    subject: CA_NAME,
    key: ca.publicKey,
    signer: ca.privateKey,
    extensions: [
      extension(OID.basicConstraints, true, sequence(der(0x01, Buffer.from([0xff])))),
      extension(OID.keyUsage, true, bitString(Buffer.from([0x06]), 1)),
    ],
  });
  const certPem = certificate({
    subject: "localhost",
    key: leaf.publicKey,
    signer: ca.privateKey,
    extensions: [
      extension(OID.basicConstraints, true, sequence()),
      extension(OID.keyUsage, true, bitString(Buffer.from([0x80]), 7)),
      extension(OID.extKeyUsage, false, sequence(oid(OID.serverAuth))),
      extension(OID.subjectAltName, false, altNames()),
    ],
  });
  const keyPem = leaf.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { caPem, certPem, keyPem };
}

interface Subject {
  readonly subject: string;
  readonly key: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
}

function certificate(request: Subject): string {
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const issuerId = keyId(createPublicKey(request.signer));
  const extensions = [
    ...request.extensions,
    extension(OID.subjectKeyId, false, der(0x04, keyId(request.key))),
    extension(OID.authorityKeyId, false, sequence(der(0x80, issuerId))),
  ];
  const now = wallMs();
  const signed = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serialNumber()),
    algorithm,
    distinguishedName(CA_NAME),
    sequence(utcTime(now - DAY_MS), utcTime(now + 365 * DAY_MS)),
    distinguishedName(request.subject),
    publicKeyInfo(request.key),
    der(0xa3, sequence(...extensions)),
  );
  const whole = sequence(signed, algorithm, bitString(sign("sha256", signed, request.signer), 0));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

/** Tag, length, value: the one form everything in a certificate has. */
function der(tag: number, value: Buffer): Buffer {
  if (value.length < 0x80) return Buffer.concat([Buffer.from([tag, value.length]), value]);
  const length: number[] = [];
  for (let rest = value.length; rest > 0; rest >>= 8) length.unshift(rest & 0xff);
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length, ...length]), value]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function bitString(bits: Buffer, unused: number): Buffer {
  return der(0x03, Buffer.concat([Buffer.from([unused]), bits]));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest.flatMap(base128)];
  return der(0x06, Buffer.from(bytes));
}

function base128(part: number): number[] {
  const bytes = [part & 0x7f];
  for (let rest = part >> 7; rest > 0; rest >>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}

function distinguishedName(commonName: string): Buffer {
  const attribute = sequence(oid(OID.commonName), der(0x0c, Buffer.from(commonName, "utf8")));
  return sequence(der(0x31, attribute));
}

function utcTime(ms: number): Buffer {
  const digits = new Date(ms)
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replace(/[-:T]/g, "");
  return der(0x17, Buffer.from(digits.slice(2), "ascii"));
}

/** Positive, without a leading zero byte. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...flag, der(0x04, value));
}

function altNames(): Buffer {
  const dns = der(0x82, Buffer.from("localhost", "ascii"));
  const ipv4 = der(0x87, Buffer.from([127, 0, 0, 1]));
  const ipv6 = der(0x87, Buffer.from([...Array.from({ length: 15 }, () => 0), 1]));
  return sequence(dns, ipv4, ipv6);
}

function publicKeyInfo(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}

function keyId(key: KeyObject): Buffer {
  return createHash("sha1").update(publicKeyInfo(key)).digest();
}
