import { describe, expect, it } from "vitest";
import { NodeClaims, Nodes, Pods } from "../../api/index.ts";
import { collectionPath, objectPath, queryText } from "./request-path.ts";

describe("request path", () => {
  it("knows the core group, other groups, namespaces and subresources", () => {
    expect(objectPath(Nodes, { name: "n1" })).toBe("/api/v1/nodes/n1");
    expect(objectPath(Pods, { name: "p", namespace: "a" }, "eviction")).toBe("/api/v1/namespaces/a/pods/p/eviction");
    expect(objectPath(NodeClaims, { name: "c" }, "status")).toBe("/apis/karpenter.sh/v1/nodeclaims/c/status");
    expect(collectionPath(Pods)).toBe("/api/v1/pods");
    expect(collectionPath(Pods, "a")).toBe("/api/v1/namespaces/a/pods");
  });

  it("ignores the namespace of a cluster-scoped resource", () => {
    expect(objectPath(Nodes, { name: "n1", namespace: "a" })).toBe("/api/v1/nodes/n1");
  });

  it("never reaches a collection or another object by an odd name", () => {
    expect(() => objectPath(Nodes, { name: "" })).toThrow("a request for one of nodes needs a name");
    expect(() => objectPath(Pods, { name: "p" })).toThrow("a request for pods p needs a namespace");
    expect(() => objectPath(Nodes, { name: ".." })).toThrow('".." is no name of an object');
    expect(objectPath(Nodes, { name: "a/b?c" })).toBe("/api/v1/nodes/a%2Fb%3Fc");
  });

  it("escapes queries and leaves out what is not set", () => {
    expect(queryText({ labelSelector: "a in (b,c)", limit: undefined, watch: true })).toBe(
      "?labelSelector=a%20in%20(b%2Cc)&watch=true",
    );
    expect(queryText({})).toBe("");
  });
});
