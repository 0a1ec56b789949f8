// Pods that want a port of the machine itself (S-240).
// Scenarios of docs/reference/upstream-parity.md: E-3.

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { Container } from "../../api/index.ts";
import { Requirement } from "../../requirements/index.ts";
import {
  aDaemonSetInput,
  anInstanceType,
  aNodeInput,
  anOffering,
  aPod,
  aPoolInput,
  aProblem,
  ascendingTypes,
  FIXTURE_LABELS,
} from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { spreadOver } from "../../testing/pod-wishes.ts";
import { joined, refusals, typeNames, waiting, zonesOf } from "../../testing/read-solution.ts";
import type { ProblemInput, Solution } from "../index.ts";

type Port = NonNullable<Container["ports"]>[number];

const port = (hostPort: number, more: Partial<Port> = {}) => ({ ports: [{ containerPort: 80, hostPort, ...more }] });

describe.each(PARITY_ENGINES)("S-240: host ports ($name)", (engine) => {
  const solve = (problem: ProblemInput): Solution => expectValid(problem, engine.solve(problem));

  it.each([
    ["port 80 twice", {}, {}, 2],
    ["one address and every address", { hostIP: "127.0.0.1" }, { hostIP: "0.0.0.0" }, 2],
    ["one address and every IPv6 address", { hostIP: "127.0.0.1" }, { hostIP: "::" }, 2],
    ["no address and one address", {}, { hostIP: "127.0.0.1" }, 2],
    ["no protocol and TCP", {}, { protocol: "TCP" }, 2],
    ["two addresses", { hostIP: "127.0.0.1" }, { hostIP: "127.0.0.2" }, 1],
    ["TCP and UDP", { protocol: "TCP" }, { protocol: "UDP" }, 1],
    ["two ports", {}, { hostPort: 81 }, 1],
  ] as const)("T-105: %s: pods with %j and %j need %i nodes", (_, a, b, nodes) => {
    const list = [aPod({ name: "a", ...port(80, a) }), aPod({ name: "b", ...port(80, b) })];
    const solution = solve(aProblem({ pods: list }));
    expect(waiting(solution)).toEqual([]);
    expect(solution.newClaims).toHaveLength(nodes);
  });

  it("T-105: a port in use on an existing node sends the pod elsewhere", () => {
    const node = aNodeInput({ pods: [aPod({ name: "old", nodeName: "n1", ...port(80) })] });
    const solution = solve(aProblem({ pods: [aPod(port(80))], nodes: [node] }));
    expect(joined(solution)).toEqual([]);
    expect(solution.newClaims).toHaveLength(1);
    expect(joined(solve(aProblem({ pods: [aPod(port(81))], nodes: [node] })))).toEqual([["n1", 1]]);
  });

  it("T-111: the port of a DaemonSet for large types does not keep a pod for small ones away", () => {
    const daemonSets = [aDaemonSetInput({ ...port(8080), nodeSelector: { [FIXTURE_LABELS.Size]: "large" } })];
    const nodePools = [aPoolInput({ instanceTypes: ascendingTypes(5) })];
    const outcome = (size: string) =>
      solve(
        aProblem({
          pods: [aPod({ ...port(8080), nodeSelector: { [FIXTURE_LABELS.Size]: size } })],
          nodePools,
          daemonSets,
        }),
      );
    expect(outcome("small").newClaims.map(typeNames)).toEqual([["fake-it-0", "fake-it-1", "fake-it-2", "fake-it-3"]]);
    expect(refusals(outcome("large"))).toEqual(["HostPort"]);
    const anywhere = solve(aProblem({ pods: [aPod(port(8080))], nodePools, daemonSets }));
    expect(anywhere.newClaims.map(typeNames)).toEqual([["fake-it-0", "fake-it-1", "fake-it-2", "fake-it-3"]]);
  });

  it("T-111, S-409: the cheapest zone is sought among the types on which the port is free", () => {
    const sold = (name: string, size: string, zone: string, price: number) =>
      anInstanceType({
        name,
        offerings: [anOffering({ zone, price })],
        requirements: [Requirement.of(FIXTURE_LABELS.Size, "In", [size])],
      });
    const instanceTypes = [sold("a", "large", "test-zone-1", 0.1), sold("b", "small", "test-zone-2", 0.9)];
    const problem = aProblem({
      pods: [aPod({ ...port(8080), labels: { app: "web" }, spec: spreadOver("web", Label.Zone) })],
      nodePools: [aPoolInput({ instanceTypes })],
      daemonSets: [aDaemonSetInput({ ...port(8080), nodeSelector: { [FIXTURE_LABELS.Size]: "large" } })],
    });
    expect(zonesOf(solve(problem))).toEqual([["test-zone-2"]]);
  });

  it("a port that DaemonSets use on every type is named", () => {
    const problem = aProblem({ pods: [aPod(port(8080))], daemonSets: [aDaemonSetInput(port(8080))] });
    expect(solve(problem).failures[0]?.summary).toBe(
      "host port 8080/TCP is used by a DaemonSet on every node (NodePool default)",
    );
  });
});
