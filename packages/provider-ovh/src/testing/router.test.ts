import { describe, expect, it } from "vitest";
import { apiPath, Router } from "./router.ts";

const router = new Router([
  { operation: "getKube", method: "GET", path: "/kube/{id}", access: "open", handle: () => undefined },
]);

describe("router", () => {
  it("F-1: an unknown path is 404, a known one with another method 405", () => {
    expect(() => router.match("GET", "/kube/a/b/c")).toThrow(/invalid/);
    expect(() => router.match("PUT", "/kube/a")).toThrow(/not allowed/);
  });

  it("F-1: serves /1.0 and /v1 alike and keeps /v2 apart", () => {
    expect(["/1.0/me", "/v1/me", "/v2/me", "/me", "/1.0"].map(apiPath)).toEqual([
      "/me",
      "/me",
      "/v2/me",
      undefined,
      "/",
    ]);
  });
});
