// Which pods and nodes a constraint speaks about, on nodes that exist and on machines whose labels only the cloud will tell.

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { Pod } from "../../api/index.ts";
import { Requirement } from "../../requirements/index.ts";
import { solve } from "../../scheduling/index.ts";
import type { NodeInput, ProblemInput, Solution } from "../../scheduling/index.ts";
import { aDaemonSetInput, aNodeInput, aPod } from "../builders/index.ts";
import type { NodeInputOptions, PodOptions } from "../builders/index.ts";
import { checkPlan } from "./index.ts";
import { problem, required, small, spread, withTypes } from "./test-clusters.ts";

const RACK = "example.com/rack";
const WEB = { app: "web" };

const web = (name: string, more: PodOptions = {}): Pod => aPod({ name, labels: WEB, ...more });
const apart = (key: string) => ({ affinity: { podAntiAffinity: required(key) } });

type Used = readonly [node: NodeInput, placed: readonly Pod[]];

/** A node, and what the plan puts there. */
function on(pods: readonly Pod[], more: NodeInputOptions = {}): Used {
  return [aNodeInput(more), pods];
}

function planOf(...nodes: readonly Used[]): {
  readonly input: ProblemInput;
  readonly plan: Solution;
} {
  const input = problem({ nodes: nodes.map(([node]) => node), pods: nodes.flatMap(([, pods]) => pods) });
  const existing = nodes.map(([{ name }, pods]) => ({ node: name, pods }));
  return { input, plan: { newClaims: [], existing, failures: [], deferred: [], relaxed: [] } };
}

function found(...nodes: readonly Used[]): readonly string[] {
  const { input, plan } = planOf(...nodes);
  return checkPlan(input, plan).map(({ rule, detail }) => `${rule} ${detail}`);
}

/** Besides what is on nodes, pods on a machine that will have some rack, or one of those that are named. */
function withOpenRack(
  pods: readonly Pod[],
  { nodes = [], racks = [] }: { readonly nodes?: readonly Used[]; readonly racks?: readonly string[] } = {},
): { readonly input: ProblemInput; readonly plan: Solution } {
  const { input, plan } = planOf(...nodes);
  const [template] = solve(problem({ ...withTypes(small), pods: [aPod()] })).newClaims;
  if (template === undefined) throw new Error("no machine is planned");
  const rack = racks.length > 0 ? Requirement.of(RACK, "In", racks) : Requirement.of(RACK, "Exists");
  const claim = { ...template, requirements: template.requirements.with(rack), requests: { pods: pods.length }, pods };
  return {
    input: {
      ...input,
      ...withTypes(small),
      pods: [...input.pods, ...pods],
      wellKnownLabels: new Set([...input.wellKnownLabels, RACK]),
    },
    plan: { ...plan, newClaims: [claim] },
  };
}

const rulesOf = ({ input, plan }: ReturnType<typeof planOf>) => checkPlan(input, plan).map(({ rule }) => rule);

describe("anti-affinity", () => {
  it("speaks of pods by their labels and their namespace", () => {
    const carrier = web("a", { labels: {}, spec: apart(Label.Hostname) });
    expect(found(on([carrier, web("b")]))).toEqual([
      "PodAntiAffinity default/a keeps default/b away on kubernetes.io/hostname",
    ]);
    expect(found(on([carrier, web("b", { labels: { app: "db" } })]))).toEqual([]);
    expect(found(on([carrier, web("b", { namespace: "other" })]))).toEqual([]);
    const strangers = ["default", "other"].map((namespace) => web("a", { namespace, spec: apart(Label.Hostname) }));
    expect(found(on(strangers))).toEqual([]);
  });

  it("does not concern pods that run together already", () => {
    const running = ["a", "b"].map((name) => web(name, { nodeName: "n1", spec: apart(Label.Hostname) }));
    expect(found(on([aPod()], { pods: running }))).toEqual([]);
    expect(found(on([web("c", { spec: apart(Label.Hostname) })], { pods: running }))).toEqual(
      ["c a", "c b", "a c", "b c"].map((pair) => {
        const [one, other] = pair.split(" ");
        return `PodAntiAffinity default/${one} keeps default/${other} away on kubernetes.io/hostname`;
      }),
    );
  });

  it("is asked term by term", () => {
    const terms = [
      ...required(Label.Hostname, { labelSelector: { matchLabels: { app: "db" } } })
        .requiredDuringSchedulingIgnoredDuringExecution,
      ...required(Label.Hostname).requiredDuringSchedulingIgnoredDuringExecution,
    ];
    const podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: terms };
    const carrier = web("a", { spec: { affinity: { podAntiAffinity } } });
    expect(found(on([carrier, web("b")]))).toEqual([
      "PodAntiAffinity default/a keeps default/b away on kubernetes.io/hostname",
    ]);
  });

  it("is asked key by key", () => {
    const terms = [Label.Zone, RACK].flatMap((key) => required(key).requiredDuringSchedulingIgnoredDuringExecution);
    const podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: terms };
    const rack = (name: string) => ({ name, labels: { [Label.Zone]: "zone-a", [RACK]: name } });
    expect(
      found(on([web("a", { spec: { affinity: { podAntiAffinity } } })], rack("n1")), on([web("b")], rack("n2"))),
    ).toEqual(["PodAntiAffinity default/a keeps default/b away on topology.kubernetes.io/zone"]);
  });

  it("cannot be judged when namespaces would have to be known", () => {
    const podAntiAffinity = required(Label.Hostname, { namespaceSelector: { matchLabels: { team: "a" } } });
    const { input, plan } = planOf(on([web("a", { spec: { affinity: { podAntiAffinity } } }), web("b")]));
    expect(rulesOf({ input, plan })).toEqual(["NotCheckable"]);
    expect(rulesOf({ input: { ...input, namespaces: [{ name: "default", labels: {} }] }, plan })).toEqual([]);
  });

  it("holds against a machine that may turn out to be in the same domain", () => {
    const carrier = web("a", { spec: apart(RACK) });
    const other = web("b");
    const inRack = (pod: Pod) => [on([pod], { labels: { [RACK]: "r1" } })];
    expect(rulesOf(withOpenRack([other], { nodes: inRack(carrier) }))).toEqual(["PodAntiAffinity"]);
    expect(rulesOf(withOpenRack([carrier], { nodes: inRack(other) }))).toEqual(["PodAntiAffinity"]);
    expect(rulesOf(withOpenRack([carrier], { nodes: inRack(other), racks: ["r2", "r3"] }))).toEqual([]);
    expect(rulesOf(withOpenRack([carrier], { nodes: [on([other])] }))).toEqual([]);
  });
});

describe("affinity", () => {
  it("finds company on the same machine, wherever that will be", () => {
    const follower = web("a", { labels: {}, spec: { affinity: { podAffinity: required(RACK) } } });
    expect(rulesOf(withOpenRack([follower, web("b")]))).toEqual([]);
    expect(rulesOf(withOpenRack([follower]))).toEqual(["PodAffinity"]);
  });
});

describe("node selection", () => {
  it("is judged for each pod of a machine by its own terms", () => {
    const inZone = (name: string, zone: string) => aPod({ name, requiredTerms: [[[Label.Zone, "In", zone]]] });
    const node = { labels: { [Label.Zone]: "zone-a" } };
    expect(found(on([inZone("a", "zone-a"), inZone("b", "zone-b")], node))).toEqual([
      "Labels default/b does not select n1",
    ]);
  });

  it("of a pod has to hold for certain, of a daemon it is enough that it can", () => {
    const nodeSelector = { [RACK]: "r1" };
    const { input, plan } = withOpenRack([aPod({ nodeSelector })], { racks: ["r1", "r2"] });
    const daemonSets = [aDaemonSetInput({ name: "agent", requests: { cpu: "1" }, nodeSelector })];
    const full = { ...input, daemonSets, pods: [aPod({ nodeSelector, requests: { cpu: "1500m" } })] };
    const [claim] = plan.newClaims;
    if (claim === undefined) throw new Error("no machine is planned");
    const newClaims = [{ ...claim, pods: full.pods, requests: { ...claim.requests, cpu: 1500 } }];
    expect(new Set(rulesOf({ input: full, plan: { ...plan, newClaims } }))).toEqual(new Set(["Labels", "Resources"]));
  });
});

describe("spread", () => {
  const settled = (name: string, key: string, more: PodOptions = {}) => web(name, { ...more, spec: spread(key) });

  it("does not count pods that are going away", () => {
    const running = (more: PodOptions) => [web("old", { nodeName: "n1", ...more })];
    const a = settled("a", Label.Hostname);
    expect(found(on([a], { pods: running({ deletionTimestamp: "2026-01-01T00:00:00Z" }) }))).toEqual([]);
    expect(found(on([a], { pods: running({}) }))).toHaveLength(1);
  });

  it("does not count pods on nodes that the owner does not select", () => {
    const nodeSelector = { team: "x" };
    const a = web("a", { spec: { ...spread(Label.Zone), nodeSelector } });
    const team = on([a], { labels: { [Label.Zone]: "zone-a", team: "x" } });
    const other = (labels: Readonly<Record<string, string>>) =>
      on([], { name: "n2", labels: { [Label.Zone]: "zone-a", ...labels }, pods: [web("b", { nodeName: "n2" })] });
    expect(found(team, other({}))).toEqual([]);
    expect(found(team, other({ team: "x" }))).toHaveLength(1);
  });

  it("does not go by domains of nodes that the owner does not select", () => {
    const nodeSelector = { team: "x" };
    const two = ["a", "b"].map((name) => web(name, { spec: { ...spread(RACK), nodeSelector } }));
    const team = on(two, { labels: { [RACK]: "r1", team: "x" } });
    expect(found(team, on([], { name: "n2", labels: { [RACK]: "r2" } }))).toEqual([]);
    expect(found(team, on([], { name: "n2", labels: { [RACK]: "r2", team: "x" } }))).toHaveLength(1);
  });

  it("takes it that a pod on a machine anywhere may be where it was needed", () => {
    const two = ["a", "b"].map((name) => settled(name, RACK));
    const nodes = [on(two, { labels: { [RACK]: "r1" } }), on([], { name: "n2", labels: { [RACK]: "r2" } })];
    expect(rulesOf(withOpenRack([web("c")], { nodes }))).toEqual([]);
    expect(rulesOf(withOpenRack([aPod({ name: "c" })], { nodes }))).toEqual(["TopologySpread"]);
  });
});

describe("room and ports of a node", () => {
  it("may be overdrawn in what the new pods do not ask for", () => {
    const greedy = [aPod({ name: "old", nodeName: "n1", requests: { cpu: "9" } })];
    expect(found(on([aPod({ requests: { memory: "1Gi" } })], { pods: greedy }))).toEqual([]);
    expect(found(on([aPod({ requests: { cpu: "1m" } })], { pods: greedy }))).toHaveLength(1);
  });

  it("counts a daemon once that runs there already", () => {
    const owner = { apiVersion: "apps/v1", kind: "DaemonSet" };
    const running = [aPod({ name: "agent", nodeName: "n1", requests: { cpu: "2" }, owner })];
    const daemonSets = [aDaemonSetInput({ name: "agent", requests: { cpu: "2" } })];
    const { input, plan } = planOf(on([aPod({ requests: { cpu: "1" } })], { pods: running }));
    expect(rulesOf({ input: { ...input, daemonSets }, plan })).toEqual([]);
    const more = [aDaemonSetInput({ name: "agent", requests: { cpu: "4" } })];
    expect(rulesOf({ input: { ...input, daemonSets: more }, plan })).toEqual(["Resources"]);
  });

  it("has a port once for each address", () => {
    const porter = (name: string, hostIP: string) =>
      aPod({ name, spec: { containers: [{ name: "c", ports: [{ containerPort: 80, hostPort: 80, hostIP }] }] } });
    const taken = (...addresses: readonly string[]) =>
      found(on(addresses.map((address, index) => porter(`p${index}`, address))));
    expect(taken("10.0.0.1", "10.0.0.2")).toEqual([]);
    expect(taken("10.0.0.1", "10.0.0.2", "10.0.0.1")).toEqual(["HostPorts default/p2 wants a port that is taken"]);
    expect(taken("10.0.0.1", "10.0.0.2", "")).toEqual(["HostPorts default/p2 wants a port that is taken"]);
    expect(taken("::", "10.0.0.2")).toEqual(["HostPorts default/p1 wants a port that is taken"]);
  });
});
