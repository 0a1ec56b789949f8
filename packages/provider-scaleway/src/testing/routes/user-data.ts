// User data (§1.5): raw bytes under a key, nothing at all for a key that is missing.

import { Reply } from "@karpenter-multicloud/core/testing/fake-cloud";
import { ApiError, invalid } from "../api-error.ts";
import type { Call, Route } from "../router.ts";
import { routesOf } from "../router.ts";
import { ground, param } from "./call-context.ts";
import { serverIn } from "./servers.ts";

const USER_DATA = "/instance/v1/zones/{zone}/servers/{server_id}/user_data";
const PLAIN = { "Content-Type": "text/plain" };
const MAX_BYTES = 1024 * 1024;

export const USER_DATA_ROUTES: readonly Route[] = routesOf("instance", [
  ["listUserData", "GET", USER_DATA, (call) => ({ user_data: [...serverIn(call).userData.keys()].toSorted() })],
  ["getUserData", "GET", `${USER_DATA}/{key}`, read],
  ["setUserData", "PATCH", `${USER_DATA}/{key}`, write],
  ["deleteUserData", "DELETE", `${USER_DATA}/{key}`, remove],
]);

function read(call: Call): unknown {
  const content = serverIn(call).userData.get(param(call, "key"));
  if (content === undefined) throw new ApiError(404, undefined);
  return new Reply({ status: 200, body: content.toString("utf8"), headers: PLAIN });
}

function write(call: Call): unknown {
  const server = serverIn(call);
  if (call.headers["content-type"]?.startsWith("text/plain") !== true) {
    throw invalid("content-type", "must be text/plain", "format");
  }
  if (call.raw.length > MAX_BYTES) throw invalid("user_data", `must be at most ${MAX_BYTES} bytes`);
  server.userData.set(param(call, "key"), call.raw);
  server.updatedAt = ground(call).clock.now();
  return new Reply({ status: 204, headers: PLAIN });
}

function remove(call: Call): unknown {
  const server = serverIn(call);
  if (!server.userData.delete(param(call, "key"))) throw new ApiError(404, undefined);
  return new Reply({ status: 204, headers: PLAIN });
}
