import { describe, expect, it } from "vitest";
import { aDaemonSetInput, anInstanceType, aNodeInput, aPod, aPoolInput, aProblem } from "../testing/builders/index.ts";
import { Requirement } from "../requirements/index.ts";
import { hostPortsOf, portConflict } from "./host-ports.ts";
import { solve } from "./solve.ts";

const port = (hostPort: number, more = {}) => ({ ports: [{ hostPort, containerPort: hostPort, ...more }] });

function conflict(a: object, b: object): boolean {
  return portConflict(hostPortsOf(aPod(port(80, a))), hostPortsOf(aPod(port(80, b)))) !== undefined;
}

describe("S-240: host ports", () => {
  it.each([
    ["the same port", {}, {}, true],
    ["one address and every address", { hostIP: "127.0.0.1" }, { hostIP: "0.0.0.0" }, true],
    ["one address and every IPv6 address", { hostIP: "127.0.0.1" }, { hostIP: "::" }, true],
    ["two addresses", { hostIP: "127.0.0.1" }, { hostIP: "127.0.0.2" }, false],
    ["TCP and UDP", { protocol: "TCP" }, { protocol: "UDP" }, false],
    ["no protocol and TCP", {}, { protocol: "TCP" }, true],
  ] as const)("T-105: %s conflict: %j and %j → %s", (_, a, b, expected) => {
    expect(conflict(a, b)).toBe(expected);
  });

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

  it("T-105: two pods with one port get two nodes", () => {
    const list = [aPod({ name: "a", ...port(80) }), aPod({ name: "b", ...port(80) })];
    expect(solve(aProblem({ pods: list })).newClaims).toHaveLength(2);
  });

  it("a port in use on an existing node sends the pod elsewhere", () => {
    const node = aNodeInput({ pods: [aPod({ name: "old", nodeName: "n1", ...port(80) })] });
    const solution = solve(aProblem({ pods: [aPod(port(80))], nodes: [node] }));
    expect(solution.existing).toEqual([]);
    expect(solution.newClaims).toHaveLength(1);
  });

  it("T-111: a DaemonSet's port blocks only the types on which it runs", () => {
    const types = [
      anInstanceType({ name: "large", requirements: [Requirement.of("size", "In", ["large"])] }),
      anInstanceType({ name: "small", requirements: [Requirement.of("size", "In", ["small"])] }),
    ];
    const solution = solve(
      aProblem({
        pods: [aPod(port(8080))],
        nodePools: [aPoolInput({ instanceTypes: types })],
        daemonSets: [aDaemonSetInput({ ...port(8080), nodeSelector: { size: "large" } })],
      }),
    );
    expect(solution.newClaims[0]?.instanceTypes.map(({ name }) => name)).toEqual(["small"]);
  });

  it("a port that DaemonSets use on every type is named", () => {
    const input = aProblem({ pods: [aPod(port(8080))], daemonSets: [aDaemonSetInput(port(8080))] });
    const [failure] = solve(input).failures;
    expect(failure?.summary).toBe("host port 8080/TCP is used by a DaemonSet on every node (NodePool default)");
  });
});
