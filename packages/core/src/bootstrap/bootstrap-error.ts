// Why a machine cannot be told how to join. The reason fits a condition of the node class as it stands.

const brand: unique symbol = Symbol.for("@karpenter-multicloud/core/BootstrapError") as never;

export type BootstrapReason =
  | "ClusterFactsMissing"
  | "TokenSourceMissing"
  | "JoinMaterialInvalid"
  | "UnknownVariable"
  | "InvalidUserData"
  | "InvalidNode"
  | "InvalidKubelet"
  | "ProviderIDUnknown"
  | "UserDataTooLarge";

/** A mistake in settings or in the cluster: trying again without a change leads to the same end. */
export class BootstrapError extends Error {
  readonly [brand] = true;
  override readonly name = "BootstrapError";
  readonly reason: BootstrapReason;

  /** `message` holds no token and no user data. */
  constructor(reason: BootstrapReason, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.reason = reason;
  }

  static is(value: unknown): value is BootstrapError {
    return typeof value === "object" && value !== null && brand in value;
  }
}
