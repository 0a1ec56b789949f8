// What a request for a certificate (PKCS #10) asks to be called: its subject and its alternative names, and nothing else of it.

export interface CertificateNames {
  readonly commonNames: readonly string[];
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  /** Four bytes or sixteen, as canonicalAddress writes them. */
  readonly addresses: readonly string[];
  /** Alternative names of other kinds: addresses of mail, URIs. */
  readonly otherNames: number;
}

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

const SEQUENCE = 0x30;
const OCTETS = 0x04;
const OBJECT_ID = 0x06;
const ATTRIBUTES = 0xa0;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

const COMMON_NAME = "550403";
const ORGANIZATION = "55040a";
/** 1.2.840.113549.1.9.14 */
const EXTENSION_REQUEST = "2a864886f70d01090e";
const ALTERNATIVE_NAMES = "551d11";

/** @throws Error for what is no such request */
export function certificateNames(pem: string): CertificateNames {
  const body = /-----BEGIN CERTIFICATE REQUEST-----([\s\S]+?)-----END CERTIFICATE REQUEST-----/.exec(pem)?.[1];
  if (body === undefined) throw new Error("not a certificate request in PEM");
  const request = only(elements(Buffer.from(body, "base64")), SEQUENCE);
  const [info] = elements(request.content);
  const parts = elements(expected(info, SEQUENCE).content);
  const subject = subjectOf(expected(parts[1], SEQUENCE).content);
  const names = parts.filter(({ tag }) => tag === ATTRIBUTES).flatMap(({ content }) => alternativeNames(content));
  const of = (kind: number): readonly Element[] => names.filter(({ tag }) => tag === kind);
  return {
    ...subject,
    dnsNames: of(DNS_NAME).map(({ content }) => text(content)),
    addresses: of(IP_ADDRESS).map(({ content }) => addressText(content)),
    otherNames: names.length - of(DNS_NAME).length - of(IP_ADDRESS).length,
  };
}

/** One spelling for every address; undefined for what is none. */
export function canonicalAddress(written: string): string | undefined {
  const host = written.includes(":") ? `[${written}]` : written;
  // An address of IPv4 has four numbers: what URLs take besides is no address here.
  if (!written.includes(":") && !/^\d{1,3}(?:\.\d{1,3}){3}$/.test(written)) return undefined;
  try {
    return new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, "");
  } catch {
    return undefined;
  }
}

function subjectOf(content: Uint8Array): Pick<CertificateNames, "commonNames" | "organizations"> {
  const pairs = elements(content).flatMap((set) => elements(set.content).map((pair) => elements(pair.content)));
  const of = (id: string): readonly string[] =>
    pairs.flatMap(([key, value]) =>
      key !== undefined && value !== undefined && hex(key) === id ? [text(value.content)] : [],
    );
  return { commonNames: of(COMMON_NAME), organizations: of(ORGANIZATION) };
}

/** Every attribute that requests extensions counts, and every extension of that kind. */
function alternativeNames(attributes: Uint8Array): readonly Element[] {
  return elements(attributes)
    .map(({ content }) => elements(content))
    .filter(([id]) => id !== undefined && hex(id) === EXTENSION_REQUEST)
    .flatMap(([, values]) => elements(expected(values, 0x31).content))
    .flatMap((extensions) => elements(extensions.content))
    .map(({ content }) => elements(content))
    .filter(([id]) => id !== undefined && hex(id) === ALTERNATIVE_NAMES)
    .flatMap((extension) => elements(only(elements(expected(extension.at(-1), OCTETS).content), SEQUENCE).content));
}

/** What stands one after the other; DER has one length for each. */
function elements(bytes: Uint8Array): readonly Element[] {
  const found: Element[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1] ?? 0;
    const more = first < 0x80 ? 0 : first & 0x7f;
    if (more > 4 || first === 0x80) throw new Error("a length in the certificate request cannot be read");
    const length =
      more === 0 ? first : bytes.subarray(at + 2, at + 2 + more).reduce((sum, byte) => sum * 256 + byte, 0);
    const start = at + 2 + more;
    if (start + length > bytes.length) throw new Error("the certificate request is cut off");
    found.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}

function only(all: readonly Element[], tag: number): Element {
  if (all.length !== 1) throw new Error("the certificate request holds more than one thing");
  return expected(all[0], tag);
}

function expected(element: Element | undefined, tag: number): Element {
  if (element?.tag !== tag) throw new Error("the certificate request is not laid out as one");
  return element;
}

function hex({ tag, content }: Element): string {
  return tag === OBJECT_ID ? Buffer.from(content).toString("hex") : "";
}

function text(content: Uint8Array): string {
  return Buffer.from(content).toString("utf8");
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return [...bytes].join(".");
  if (bytes.length !== 16) throw new Error("an address in the certificate request has no usual length");
  const groups = Buffer.from(bytes).toString("hex").match(/.{4}/g) ?? [];
  return canonicalAddress(groups.join(":")) ?? "";
}
