// A key that cannot even be tried: its Secret is not there, or lacks something.

export class CredentialsError extends Error {
  override readonly name = "CredentialsError";
  readonly reason: "SecretNotFound" | "SecretForbidden" | "SecretNotRead" | "MissingKey" | "InvalidKey";

  constructor(reason: CredentialsError["reason"], message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.reason = reason;
  }
}
