// A request for a certificate as a kubelet sends it (PKCS #10), with names to choose.

import { generateKeyPairSync, sign } from "node:crypto";

export interface RequestedNames {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  /** Of IPv4, or of IPv6 with all its eight groups. */
  readonly addresses?: readonly string[];
  readonly emails?: readonly string[];
}

const SEQUENCE = 0x30;
const SET = 0x31;
const OBJECT_ID = 0x06;
const UTF8 = 0x0c;
const OCTETS = 0x04;
const BITS = 0x03;

const COMMON_NAME = "550403";
const ORGANIZATION = "55040a";
const EXTENSION_REQUEST = "2a864886f70d01090e";
const ALTERNATIVE_NAMES = "551d11";
const ECDSA_WITH_SHA256 = "2a8648ce3d040302";

/** In PEM, signed with a key of its own. */
export function certificateRequest(names: RequestedNames): string {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const version = der(0x02, Buffer.from([0]));
  const info = der(
    SEQUENCE,
    version,
    subject(names),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa0, attributes(names)),
  );
  const signature = sign("sha256", info, privateKey);
  const algorithm = der(SEQUENCE, id(ECDSA_WITH_SHA256));
  const bytes = der(SEQUENCE, info, algorithm, der(BITS, Buffer.from([0]), signature));
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE REQUEST-----", ...lines, "-----END CERTIFICATE REQUEST-----", ""].join("\n");
}

function subject({ commonName, organizations = [] }: RequestedNames): Buffer {
  const pair = (key: string, value: string): Buffer => der(SET, der(SEQUENCE, id(key), der(UTF8, Buffer.from(value))));
  return der(SEQUENCE, ...organizations.map((each) => pair(ORGANIZATION, each)), pair(COMMON_NAME, commonName));
}

function attributes({ dnsNames = [], addresses = [], emails = [] }: RequestedNames): Buffer {
  const names = [
    ...dnsNames.map((name) => der(0x82, Buffer.from(name))),
    ...addresses.map((address) => der(0x87, addressBytes(address))),
    ...emails.map((email) => der(0x81, Buffer.from(email))),
  ];
  if (names.length === 0) return Buffer.alloc(0);
  const extension = der(SEQUENCE, id(ALTERNATIVE_NAMES), der(OCTETS, der(SEQUENCE, ...names)));
  return der(SEQUENCE, id(EXTENSION_REQUEST), der(SET, der(SEQUENCE, extension)));
}

function addressBytes(address: string): Buffer {
  if (!address.includes(":")) return Buffer.from(address.split(".").map(Number));
  return Buffer.from(
    address
      .split(":")
      .map((group) => group.padStart(4, "0"))
      .join(""),
    "hex",
  );
}

function id(hex: string): Buffer {
  return der(OBJECT_ID, Buffer.from(hex, "hex"));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const long = [content.length >> 8, content.length & 0xff];
  const length =
    content.length < 0x80 ? [content.length] : content.length < 0x100 ? [0x81, content.length] : [0x82, ...long];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}
