// How OVHcloud's API says no: the JSON body, its class and the header with the query id.

import { STATUS_CODES } from "node:http";
import type { Answer } from "@karpenter-multicloud/core/testing/fake-cloud";

const CLASSES: Readonly<Record<number, string>> = {
  400: "Client::BadRequest",
  401: "Client::Unauthorized",
  403: "Client::Forbidden",
  404: "Client::NotFound",
  405: "Client::MethodNotAllowed",
  409: "Client::Conflict",
  429: "Client::TooManyRequests",
  460: "Client::Expired",
};

const DEFAULT_MESSAGES: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "This access token is not valid",
  403: "This call has not been granted",
  404: "The requested object does not exist",
  405: "Method not allowed",
  409: "Conflict: another operation is in progress",
  429: "Too many requests",
  460: "This service is expired",
};

/** Statuses that the load balancer in front of the API answers with HTML. */
const HTML_STATUSES: readonly number[] = [408, 502, 503, 504];

export interface ErrorDetails {
  readonly errorCode?: string;
  readonly details?: Readonly<Record<string, string>>;
}

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly answer: Answer;

  constructor(status: number, message: string, more: ErrorDetails = {}) {
    super(message);
    this.answer = errorAnswer(status, message, more);
  }
}

export function errorAnswer(status: number, message?: string, more: ErrorDetails = {}): Answer {
  const phrase = STATUS_CODES[status] ?? "Unknown";
  if (message === undefined && HTML_STATUSES.includes(status)) {
    const page = `<html><body><h1>${status} ${phrase}</h1>The request was not served.</body></html>`;
    return { status, body: page, headers: { "Content-Type": "text/html" } };
  }
  return {
    status,
    body: {
      message: message ?? DEFAULT_MESSAGES[status] ?? phrase,
      httpCode: `${status} ${phrase}`,
      ...(more.errorCode === undefined ? {} : { errorCode: more.errorCode }),
      class: CLASSES[status] ?? (status >= 500 ? "Server::InternalServerError" : "Client::BadRequest"),
      ...(more.details === undefined ? {} : { details: more.details }),
    },
    ...(status === 429 ? { headers: { "Retry-After": "2" } } : {}),
  };
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, message);
}

export function notFound(what: string): ApiError {
  return new ApiError(404, `${what} does not exist`);
}
