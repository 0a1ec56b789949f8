// Where the API is: the three regional endpoints by name, or a full URL.

export interface Endpoint {
  /** "ovh-eu" or the URL. */
  readonly name: string;
  readonly protocol: "https:" | "http:";
  readonly host: string;
  readonly port: number;
  /** Without a slash at its end, e.g. "/1.0". */
  readonly basePath: string;
  /** Whose price list applies when nothing else is said (O-35). */
  readonly subsidiary: string;
  /** Where service accounts get their access tokens. */
  readonly tokenUrl: string;
}

/** Whose price list applies, and where it is. */
export interface Shop {
  readonly endpoint: Endpoint;
  readonly subsidiary: string;
}

interface Region {
  readonly host: string;
  readonly subsidiary: string;
  readonly tokenUrl: string;
}

const NAMED: Readonly<Record<string, Region>> = {
  "ovh-eu": { host: "eu.api.ovh.com", subsidiary: "FR", tokenUrl: "https://www.ovh.com/auth/oauth2/token" },
  "ovh-ca": { host: "ca.api.ovh.com", subsidiary: "CA", tokenUrl: "https://ca.ovh.com/auth/oauth2/token" },
  "ovh-us": { host: "api.us.ovhcloud.com", subsidiary: "US", tokenUrl: "https://us.ovhcloud.com/auth/oauth2/token" },
};

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
const DEFAULT_PORT = { "https:": 443, "http:": 80 } as const;

/** @throws Error naming the text and what is accepted */
export function parseEndpoint(text: string): Endpoint {
  const named = NAMED[text];
  if (named) return { name: text, protocol: "https:", port: 443, basePath: "/1.0", ...named };
  if (!text.includes("/")) throw refused(text, "is not known");
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refused(text, "is not a URL");
  }
  const { protocol } = url;
  if (protocol !== "https:" && protocol !== "http:") throw refused(text, "is neither https nor http");
  if (protocol === "http:" && !LOOPBACK.test(url.hostname)) throw refused(text, "would send credentials unencrypted");
  if (url.username !== "" || url.search !== "" || url.hash !== "") throw refused(text, "must be a plain base URL");
  // A region's own address by its URL is that region; anything else is believed to serve the whole of the API.
  const region = Object.values(NAMED).find(({ host }) => host === url.hostname);
  return {
    name: text,
    protocol,
    host: url.hostname,
    port: url.port === "" ? DEFAULT_PORT[protocol] : Number(url.port),
    basePath: url.pathname.replace(/\/+$/, "") || "/1.0",
    subsidiary: region?.subsidiary ?? "FR",
    tokenUrl: region?.tokenUrl ?? `${url.origin}/auth/oauth2/token`,
  };
}

/** As it is requested and signed: a port only where it is not the usual one. */
export function baseUrl(endpoint: Endpoint): string {
  return `${originOf(endpoint)}${endpoint.basePath}`;
}

/** The second generation of the API (/v1, /v2) lies beside the base path, not below it (§2.1). */
export function urlOf(endpoint: Endpoint, path: string): string {
  if (!/^\/v[12]\//.test(path)) return baseUrl(endpoint) + path;
  return originOf(endpoint) + endpoint.basePath.replace(/\/1\.0$/, "") + path;
}

function originOf({ protocol, host, port }: Endpoint): string {
  return `${protocol}//${host}${port === DEFAULT_PORT[protocol] ? "" : `:${port}`}`;
}

function refused(text: string, why: string): Error {
  return new Error(
    `endpoint "${text}" ${why}: use ovh-eu, ovh-ca, ovh-us or an https URL such as https://eu.api.ovh.com/1.0`,
  );
}
