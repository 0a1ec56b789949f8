import { describe, expect, it } from "vitest";
import { matchesGlob } from "./glob.ts";
import { PathTable } from "./path-table.ts";

const table = new PathTable(["/kube/{id}", "/kube/{id}/node", "/{any}"].map((path) => ({ method: "GET", path })));

describe("path table", () => {
  it("binds one segment to each name, decoded", () => {
    expect(table.match("GET", "/kube/a%20b")).toMatchObject({ params: { id: "a b" } });
  });

  it("T-78: an encoded slash stays inside its segment", () => {
    expect(table.match("GET", "/kube/a%2F..%2Fb")).toMatchObject({
      route: { path: "/kube/{id}" },
      params: { id: "a/../b" },
    });
  });

  it("tells an unknown path from a known one with another method", () => {
    expect(table.match("GET", "/kube/a/b/c")).toBe("no-path");
    expect(table.match("PUT", "/kube/a")).toBe("no-method");
  });

  it("an empty segment is no name", () => {
    expect(table.match("GET", "/kube/")).toBe("no-path");
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
