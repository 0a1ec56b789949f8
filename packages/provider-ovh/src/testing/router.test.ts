import { describe, expect, it } from "vitest";
import { matchesGlob } from "./glob.ts";
import { apiPath, Router } from "./router.ts";
import type { Route } from "./router.ts";

const routes: readonly Route[] = ["/kube/{id}", "/kube/{id}/node", "/{any}"].map((path) => ({
  operation: path,
  method: "GET",
  path,
  access: "open",
  handle: () => undefined,
}));
const router = new Router(routes);

describe("router", () => {
  it("binds one segment to each name, decoded", () => {
    expect(router.match("GET", "/kube/a%20b").params).toEqual({ id: "a b" });
  });

  it("T-78: an encoded slash stays inside its segment", () => {
    const { route, params } = router.match("GET", "/kube/a%2F..%2Fb");
    expect([route.operation, params]).toEqual(["/kube/{id}", { id: "a/../b" }]);
  });

  it("F-1: an unknown path is 404, a known one with another method 405", () => {
    expect(() => router.match("GET", "/kube/a/b/c")).toThrow(/invalid/);
    expect(() => router.match("PUT", "/kube/a")).toThrow(/not allowed/);
  });

  it("an empty segment is no name", () => {
    expect(() => router.match("GET", "/kube/")).toThrow(/invalid/);
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

describe("globs", () => {
  it.each([
    ["/cloud/*", "/cloud/project/x/kube", true],
    ["/cloud/project/*/kube/*", "/cloud/project/x/kube", false],
    ["/cloud/project/x/kube", "/cloud/project/x/kube/", false],
    ["/kube/{id}/nodepool", "/kube/a/nodepool", true],
    ["/kube/{id}/nodepool", "/kube/a/b/nodepool", false],
    ["/a.b", "/axb", false],
  ])("%s against %s is %s", (pattern, path, expected) => {
    expect(matchesGlob(pattern, path)).toBe(expected);
  });
});
