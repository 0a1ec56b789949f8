// What an API server answers when it does not do what was asked.

const brand: unique symbol = Symbol.for("@karpenter-multicloud/core/KubeError") as never;

/** Reason of a Kubernetes Status. */
export type KubeErrorReason =
  | "NotFound"
  | "AlreadyExists"
  | "Conflict"
  | "Invalid"
  | "BadRequest"
  | "Forbidden"
  | "Unauthorized"
  | "Expired"
  | "Gone"
  | "TooManyRequests"
  | "UnsupportedMediaType"
  | "MethodNotAllowed"
  | "InternalError"
  | "ServiceUnavailable"
  | "Timeout"
  | "Unknown";

/** An answer other than 2xx, or code 0 when no answer came at all (the outcome of a write is then unknown). */
export class KubeError extends Error {
  readonly [brand] = true;
  override readonly name = "KubeError";
  readonly code: number;
  readonly reason: KubeErrorReason;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: number,
    reason: KubeErrorReason,
    message: string,
    options: { cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.reason = reason;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  static is(value: unknown): value is KubeError {
    return typeof value === "object" && value !== null && brand in value;
  }
}

export function isNotFound(error: unknown): boolean {
  return KubeError.is(error) && error.code === 404;
}

/** 409 because the object changed meanwhile or a precondition failed; AlreadyExists is not one. */
export function isConflict(error: unknown): boolean {
  return KubeError.is(error) && error.code === 409 && error.reason !== "AlreadyExists";
}

/** A patch that carries the uid of an object has met another one of its name: the server takes it for a wish to change the uid. */
export function isForNamesake(error: unknown): error is KubeError {
  return KubeError.is(error) && error.code === 422 && /metadata\.uid: Invalid value/.test(error.message);
}

export function isAlreadyExists(error: unknown): boolean {
  return KubeError.is(error) && error.code === 409 && error.reason === "AlreadyExists";
}

/** The version asked for is no longer kept: list again. */
export function isExpired(error: unknown): boolean {
  return KubeError.is(error) && error.code === 410;
}
