// How Scaleway's APIs say no: JSON with a `type`, and for some old paths the bodies of the first Instance API (§1.4).

import type { Answer } from "@karpenter-multicloud/core/testing/fake-cloud";

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly answer: Answer;

  constructor(status: number, body: Readonly<Record<string, unknown>> | undefined) {
    super(`${status} ${JSON.stringify(body)}`);
    this.answer = body === undefined ? { status } : { status, body };
  }
}

export interface ArgumentProblem {
  readonly argument_name: string;
  readonly reason: "required" | "format" | "constraint" | "unknown";
  readonly help_message: string;
}

export function notFound(resource: string, resourceId: string): ApiError {
  return new ApiError(404, {
    type: "not_found",
    message: "resource is not found",
    resource,
    resource_id: resourceId,
  });
}

export function invalidArguments(...details: readonly ArgumentProblem[]): ApiError {
  return new ApiError(400, { type: "invalid_arguments", message: "invalid argument(s)", details });
}

export function invalid(argument: string, help: string, reason: ArgumentProblem["reason"] = "constraint"): ApiError {
  return invalidArguments({ argument_name: argument, reason, help_message: help });
}

export function permissionsDenied(action: string, resource: string): ApiError {
  return new ApiError(403, {
    type: "permissions_denied",
    message: "insufficient permissions",
    details: [{ action, resource }],
  });
}

export function deniedAuthentication(reason: "invalid_argument" | "not_found" | "expired"): ApiError {
  return new ApiError(401, {
    type: "denied_authentication",
    message: "authentication is denied",
    method: "api_key",
    reason,
  });
}

/** The body of each error type, as the APIs write it. Used by the fake's own refusals and by faults of that type. */
export function errorOfType(type: string, status?: number, about: Readonly<Record<string, unknown>> = {}): ApiError {
  const known = KNOWN[type];
  if (known === undefined) return new ApiError(status ?? 500, { type, message: "internal error", ...about });
  return new ApiError(status ?? known.status, { type, ...known.body, ...about });
}

const KNOWN: Readonly<Record<string, { readonly status: number; readonly body: Readonly<Record<string, unknown>> }>> = {
  not_found: { status: 404, body: { message: "resource is not found", resource: "instance_server", resource_id: "" } },
  invalid_arguments: { status: 400, body: { message: "invalid argument(s)", details: [] } },
  permissions_denied: {
    status: 403,
    body: { message: "insufficient permissions", details: [{ action: "write", resource: "instance" }] },
  },
  quotas_exceeded: {
    status: 403,
    body: { message: "quota(s) exceeded for this resource", details: [{ resource: "servers", quota: 0, current: 0 }] },
  },
  out_of_stock: { status: 412, body: { message: "resource is out of stock", resource: "instance_server" } },
  transient_state: {
    status: 409,
    body: {
      message: "resource is in a transient state",
      resource: "instance_server",
      resource_id: "",
      current_state: "starting",
    },
  },
  locked: { status: 403, body: { message: "resource is locked", resource: "instance_server", resource_id: "" } },
  precondition_failed: {
    status: 412,
    body: { message: "precondition is not respected", precondition: "resource_still_in_use", help_message: "" },
  },
  denied_authentication: {
    status: 401,
    body: { message: "authentication is denied", method: "api_key", reason: "not_found" },
  },
  too_many_requests: {
    status: 429,
    body: {
      message: "too many requests",
      help_message: "slow down",
      limit: { quota: 100, window_seconds: 60 },
      reset_seconds: 2,
    },
  },
  already_exists: {
    status: 409,
    body: { message: "resource already exists", resource: "", resource_id: "", help_message: "" },
  },
  invalid_request_error: { status: 400, body: { message: "invalid request" } },
  conflict: { status: 409, body: { message: "conflict" } },
};

/** The first Instance API's words for a quota (T-38). */
export function legacyQuota(resource: string): ApiError {
  return new ApiError(403, {
    type: "invalid_request_error",
    message: "Quota exceeded for this resource.",
    resource,
  });
}
