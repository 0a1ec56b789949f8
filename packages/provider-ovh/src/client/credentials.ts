// Who we are to the OVHcloud API: read from a Secret's values or from the environment (O-60).

interface Common {
  /** From the same Secret; wins over the process-wide endpoint. */
  readonly endpoint?: string;
  readonly subsidiary?: string;
}

export interface ApplicationKeys extends Common {
  readonly kind: "application-keys";
  readonly applicationKey: string;
  readonly applicationSecret: string;
  readonly consumerKey: string;
}

/** OAuth2 client credentials. */
export interface ServiceAccount extends Common {
  readonly kind: "service-account";
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Made elsewhere, and renewed there. */
export interface AccessToken extends Common {
  readonly kind: "access-token";
  readonly accessToken: string;
}

export type OvhCredentials = ApplicationKeys | ServiceAccount | AccessToken;

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

type Field = keyof typeof ALIASES;
type Values = Readonly<Record<string, string | undefined>>;

interface Method {
  readonly kind: OvhCredentials["kind"];
  readonly fields: readonly Field[];
  readonly origin: string;
}

const METHODS: readonly Method[] = [
  {
    kind: "application-keys",
    fields: ["applicationKey", "applicationSecret", "consumerKey"],
    origin: "https://api.ovh.com/createToken/ makes applicationKey, applicationSecret and consumerKey together",
  },
  {
    kind: "service-account",
    fields: ["clientId", "clientSecret"],
    origin: "POST /me/api/oauth2/client makes both together",
  },
  { kind: "access-token", fields: ["accessToken"], origin: "" },
];

/** Undefined when none of the fields is there. `origin` names where they came from in error texts. @throws CredentialsError */
export function readCredentials(values: Values, origin: string): OvhCredentials | undefined {
  const field = (name: Field): string => (values[name] ?? values[ALIASES[name]] ?? "").trim();
  const [method, ...others] = METHODS.filter(({ fields }) => fields.some((name) => field(name) !== ""));
  if (method === undefined) return undefined;
  if (others.length > 0) {
    throw new CredentialsError(
      "AmbiguousCredentials",
      `${origin} holds more than one kind of credentials: keep either applicationKey, applicationSecret and consumerKey, or clientId and clientSecret, or accessToken`,
    );
  }
  const missing = method.fields.filter((name) => field(name) === "");
  if (missing.length > 0) {
    const names = missing.join(", ");
    throw new CredentialsError("MissingKey", `${origin} has no value for ${names}: add it; ${method.origin}`);
  }
  const endpoint = field("endpoint");
  const subsidiary = field("subsidiary");
  const common = { ...(endpoint === "" ? {} : { endpoint }), ...(subsidiary === "" ? {} : { subsidiary }) };
  switch (method.kind) {
    case "application-keys":
      return {
        kind: method.kind,
        applicationKey: field("applicationKey"),
        applicationSecret: field("applicationSecret"),
        consumerKey: field("consumerKey"),
        ...common,
      };
    case "service-account":
      return { kind: method.kind, clientId: field("clientId"), clientSecret: field("clientSecret"), ...common };
    case "access-token":
      return { kind: method.kind, accessToken: field("accessToken"), ...common };
  }
}
