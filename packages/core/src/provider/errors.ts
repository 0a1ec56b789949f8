// What can go wrong between core and a cloud: one class per reaction of core, not per cause.

import type { Duration } from "../units/index.ts";

const brand: unique symbol = Symbol.for("@karpenter-multicloud/core/ProviderError") as never;

export const PROVIDER_ERROR_CODES = [
  "PROVIDER_INSUFFICIENT_CAPACITY",
  "PROVIDER_QUOTA_EXCEEDED",
  "PROVIDER_NODE_CLASS_NOT_READY",
  "PROVIDER_MACHINE_NOT_FOUND",
  "PROVIDER_RATE_LIMITED",
  "PROVIDER_UNAUTHORIZED",
  "PROVIDER_INVALID_CONFIGURATION",
  "PROVIDER_ALREADY_EXISTS",
  "PROVIDER_TRANSIENT",
  "PROVIDER_CREATE_FAILED",
  "PROVIDER_LAUNCH_PENDING",
] as const;

export type ProviderErrorCode = (typeof PROVIDER_ERROR_CODES)[number];

/** What a failure affects beyond the one call, so that core avoids exactly that much. */
export interface FailureScope {
  readonly level: "machine" | "type" | "family" | "zone" | "region" | "account";
  /** The type, family, zone or region's name. */
  readonly name?: string;
  readonly zone?: string;
  readonly capacityType?: string;
}

export interface ProviderErrorOptions {
  readonly cause?: unknown;
  readonly scope?: FailureScope;
  readonly retryAfter?: Duration;
  /** PascalCase; becomes the reason of the claim's Launched condition. */
  readonly conditionReason?: string;
}

/** Message: lower case, what failed, with which id, what the cloud said; no secrets, no trailing period. */
export class ProviderError extends Error {
  readonly [brand] = true;
  readonly code: ProviderErrorCode;
  readonly scope: FailureScope | undefined;
  readonly retryAfter: Duration | undefined;
  readonly conditionReason: string | undefined;

  protected constructor(code: ProviderErrorCode, message: string, options: ProviderErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.scope = options.scope;
    this.retryAfter = options.retryAfter;
    this.conditionReason = options.conditionReason;
  }

  /** Also true for errors of another copy of this package. Does not look at causes; see findProviderError. */
  static is(value: unknown): value is ProviderError {
    return typeof value === "object" && value !== null && brand in value;
  }
}

/** The cloud has none of what was asked. The claim is deleted at once; the provider has marked the offering unavailable before. */
export class InsufficientCapacity extends ProviderError {
  constructor(message: string, options?: ProviderErrorOptions) {
    super("PROVIDER_INSUFFICIENT_CAPACITY", message, options);
  }
}

/** The account may not have more; handled as InsufficientCapacity with a wider scope. */
export class QuotaExceeded extends ProviderError {
  constructor(message: string, options?: ProviderErrorOptions) {
    super("PROVIDER_QUOTA_EXCEEDED", message, options);
  }
}

/** The NodeClass cannot be used; the claim is deleted at once. */
export class NodeClassNotReady extends ProviderError {
  constructor(message: string, options?: ProviderErrorOptions) {
    super("PROVIDER_NODE_CLASS_NOT_READY", message, options);
  }
}

/** Success of a delete: the machine is gone. */
export class MachineNotFound extends ProviderError {
  constructor(message: string, options?: ProviderErrorOptions) {
    super("PROVIDER_MACHINE_NOT_FOUND", message, options);
  }
}

export class RateLimited extends ProviderError {
  constructor(message: string, options?: ProviderErrorOptions) {
    super("PROVIDER_RATE_LIMITED", message, options);
  }
}

export class Unauthorized extends ProviderError {
  constructor(message: string, options?: ProviderErrorOptions) {
    super("PROVIDER_UNAUTHORIZED", message, options);
  }
}

/** The request cannot succeed before a person changes something. */
export class InvalidConfiguration extends ProviderError {
  constructor(message: string, options?: ProviderErrorOptions) {
    super("PROVIDER_INVALID_CONFIGURATION", message, options);
  }
}

export class AlreadyExists extends ProviderError {
  constructor(message: string, options?: ProviderErrorOptions) {
    super("PROVIDER_ALREADY_EXISTS", message, options);
  }
}

/** 5xx, timeouts, broken answers: a retry may help. */
export class Transient extends ProviderError {
  constructor(message: string, options?: ProviderErrorOptions) {
    super("PROVIDER_TRANSIENT", message, options);
  }
}

/** A create failed for a reason worth showing on the claim (conditionReason); retried until the launch timeout. */
export class CreateFailed extends ProviderError {
  constructor(message: string, options?: ProviderErrorOptions) {
    super("PROVIDER_CREATE_FAILED", message, options);
  }
}

/** Not a failure: the machine is ordered and not visible yet. Called again after retryAfter, without an event or an error line. */
export class LaunchPending extends ProviderError {
  constructor(message: string, options?: ProviderErrorOptions) {
    super("PROVIDER_LAUNCH_PENDING", message, options);
  }
}

/** Searches the error and its causes (S-706: recognised through wrapping). */
export function findProviderError(error: unknown): ProviderError | undefined {
  for (let current = error, depth = 0; current !== undefined && current !== null && depth < 16; depth++) {
    if (ProviderError.is(current)) return current;
    current = (current as { cause?: unknown }).cause;
  }
  return undefined;
}

export function hasCode(error: unknown, ...codes: readonly ProviderErrorCode[]): boolean {
  const found = findProviderError(error);
  return found !== undefined && codes.includes(found.code);
}

/** Karpenter's name of an error: metric label `error` and condition texts (design §5). Everything else is a CreateError. */
export function karpenterErrorName(code: ProviderErrorCode): string {
  switch (code) {
    case "PROVIDER_MACHINE_NOT_FOUND":
      return "NodeClaimNotFoundError";
    case "PROVIDER_INSUFFICIENT_CAPACITY":
    case "PROVIDER_QUOTA_EXCEEDED":
      return "InsufficientCapacityError";
    case "PROVIDER_NODE_CLASS_NOT_READY":
      return "NodeClassNotReadyError";
    default:
      return "CreateError";
  }
}
