// Logging in by password, which cmk falls back to; only the fake needs it.

import type { Answer, Incoming } from "@karpenter-multicloud/core/testing/fake-cloud";
import { ApiError, unverified } from "./api-error.ts";
import type { SeedUser } from "./auth.ts";
import type { Backend } from "./backend.ts";
import type { Params } from "./params.ts";

const PASSWORD = "password";

/** Undefined for every other command. */
export function answerSession(backend: Backend, params: Params): Answer | undefined {
  const command = params.command.toLowerCase();
  if (command === "logout") return { status: 200, body: { logoutresponse: { description: "success" } } };
  if (command !== "login") return undefined;
  const user = backend.users.find(({ username }) => username === params.text("username"));
  if (user === undefined || !user.enabled || params.text("password") !== PASSWORD) {
    const failed = new ApiError(531, "Failed to authenticate user; please provide valid credentials", 9999);
    return { status: 531, body: { loginresponse: failed.body() } };
  }
  const key = backend.world.ground.random.hex(32);
  backend.sessions.set(key, user);
  const { caller } = user;
  const payload = {
    username: user.username,
    userid: caller.userId,
    account: caller.account,
    domainid: caller.domainId,
    type: String(caller.type),
    sessionkey: key,
    timeout: 1800,
  };
  return {
    status: 200,
    body: { loginresponse: payload },
    headers: { "Set-Cookie": `sessionkey=${key}; Path=/client/api; HttpOnly` },
  };
}

/** Undefined for a request without a session. @throws ApiError 401 */
export function sessionUser(backend: Backend, params: Params, { headers }: Incoming): SeedUser | undefined {
  const cookie = /(?:^|;\s*)sessionkey=([0-9a-f]+)/.exec(headers["cookie"] ?? "")?.[1];
  const key = params.text("sessionkey") ?? cookie;
  if (key === undefined || params.text("apikey") !== undefined) return undefined;
  const user = backend.sessions.get(key);
  if (user === undefined) throw unverified();
  return user;
}
