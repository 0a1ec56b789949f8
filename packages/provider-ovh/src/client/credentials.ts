// Who we are to the OVHcloud API: read from a Secret's values or from the environment (O-60).

export interface OvhCredentials {
  readonly applicationKey: string;
  readonly applicationSecret: string;
  readonly consumerKey: string;
  /** From the same Secret; wins over the process-wide endpoint. */
  readonly endpoint?: string;
  readonly subsidiary?: string;
}

export type CredentialsProblem = "MissingKey" | "AmbiguousCredentials" | "UnsupportedCredential";

export class CredentialsError extends Error {
  override readonly name = "CredentialsError";
  readonly reason: CredentialsProblem | "SecretNotFound";

  constructor(
    reason: CredentialsProblem | "SecretNotFound",
    message: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options);
    this.reason = reason;
  }
}

const ALIASES = {
  applicationKey: "OVH_APPLICATION_KEY",
  applicationSecret: "OVH_APPLICATION_SECRET",
  consumerKey: "OVH_CONSUMER_KEY",
  clientId: "OVH_CLIENT_ID",
  clientSecret: "OVH_CLIENT_SECRET",
  accessToken: "OVH_ACCESS_TOKEN",
  endpoint: "OVH_ENDPOINT",
  subsidiary: "OVH_SUBSIDIARY",
} as const;

const WHERE_KEYS_COME_FROM =
  "https://api.ovh.com/createToken/ makes applicationKey, applicationSecret and consumerKey together";

type Field = keyof typeof ALIASES;
type Values = Readonly<Record<string, string | undefined>>;

const APPLICATION_KEYS: readonly Field[] = ["applicationKey", "applicationSecret", "consumerKey"];

/** Undefined when none of the fields is there. `origin` names where they came from in error texts. @throws CredentialsError */
export function readCredentials(values: Values, origin: string): OvhCredentials | undefined {
  const field = (name: Field): string => (values[name] ?? values[ALIASES[name]] ?? "").trim();
  const has = (names: readonly Field[]): boolean => names.some((name) => field(name) !== "");
  const methods = [has(APPLICATION_KEYS), has(["clientId", "clientSecret"]), has(["accessToken"])].filter(
    Boolean,
  ).length;
  if (methods === 0) return undefined;
  if (methods > 1) {
    throw new CredentialsError(
      "AmbiguousCredentials",
      `${origin} holds more than one kind of credentials: keep either applicationKey, applicationSecret and consumerKey, or clientId and clientSecret, or accessToken`,
    );
  }
  if (!has(APPLICATION_KEYS)) {
    throw new CredentialsError(
      "UnsupportedCredential",
      `${origin} holds OAuth2 credentials, which this transport cannot use: create an application key at https://api.ovh.com/createToken/ and store applicationKey, applicationSecret and consumerKey`,
    );
  }
  const missing = APPLICATION_KEYS.filter((name) => field(name) === "");
  if (missing.length > 0)
    throw new CredentialsError(
      "MissingKey",
      `${origin} has no value for ${missing.join(", ")}: add it; ${WHERE_KEYS_COME_FROM}`,
    );
  const endpoint = field("endpoint");
  const subsidiary = field("subsidiary");
  return {
    applicationKey: field("applicationKey"),
    applicationSecret: field("applicationSecret"),
    consumerKey: field("consumerKey"),
    ...(endpoint === "" ? {} : { endpoint }),
    ...(subsidiary === "" ? {} : { subsidiary }),
  };
}
