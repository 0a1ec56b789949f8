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
}

const NAMED: Readonly<Record<string, { readonly host: string; readonly subsidiary: string }>> = {
  "ovh-eu": { host: "eu.api.ovh.com", subsidiary: "FR" },
  "ovh-ca": { host: "ca.api.ovh.com", subsidiary: "CA" },
  "ovh-us": { host: "api.us.ovhcloud.com", subsidiary: "US" },
};

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** @throws Error naming the text and what is accepted */
export function parseEndpoint(text: string): Endpoint {
  const named = NAMED[text];
  if (named)
    return {
      name: text,
      protocol: "https:",
      host: named.host,
      port: 443,
      basePath: "/1.0",
      subsidiary: named.subsidiary,
    };
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
  return {
    name: text,
    protocol,
    host: url.hostname,
    port: url.port === "" ? (protocol === "https:" ? 443 : 80) : Number(url.port),
    basePath: url.pathname.replace(/\/+$/, "") || "/1.0",
    subsidiary: "FR",
  };
}

export function baseUrl(endpoint: Endpoint): string {
  return `${endpoint.protocol}//${endpoint.host}:${endpoint.port}${endpoint.basePath}`;
}

function refused(text: string, why: string): Error {
  return new Error(
    `endpoint "${text}" ${why}: use ovh-eu, ovh-ca, ovh-us or an https URL such as https://eu.api.ovh.com/1.0`,
  );
}
