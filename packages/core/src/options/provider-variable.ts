// How a provider describes an environment variable of its own, for its reference page.

export interface ProviderVariable {
  readonly name: string;
  readonly form: string;
  /** Empty: none. */
  readonly defaultValue: string;
  readonly help: string;
}
