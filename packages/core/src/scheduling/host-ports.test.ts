import { describe, expect, it } from "vitest";
import { aPod } from "../testing/builders/index.ts";
import { hostPortsOf } from "./host-ports.ts";

describe("S-240: host ports", () => {
  it("ports that are not bound to the host do not count", () => {
    expect(hostPortsOf(aPod({ ports: [{ containerPort: 80 }] }))).toEqual([]);
  });

  it("a sidecar's port counts, an init container's does not", () => {
    const ports = [{ hostPort: 80 }];
    const initContainers = [
      { name: "init", ports },
      { name: "proxy", ports: [{ hostPort: 81 }], restartPolicy: "Always" },
    ];
    expect(hostPortsOf(aPod({ spec: { initContainers } })).map((each) => each.port)).toEqual([81]);
  });
});
