// What is found out once for claims, nodes or pods that are alike must not hide in what they differ.

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { PodSpec } from "../../api/index.ts";
import { Requirement } from "../../requirements/index.ts";
import { solve } from "../../scheduling/index.ts";
import type { PlannedClaim, ProblemInput, Solution } from "../../scheduling/index.ts";
import { aDaemonSetInput, anInstanceType, anOffering, aPod, aPoolInput } from "../builders/index.ts";
import { checkPlan } from "./index.ts";
import { OfferBook } from "./offer.ts";
import { everywhere, large, problem, required, small, withTypes } from "./test-clusters.ts";

const apart = { podAntiAffinity: required(Label.Hostname) };

/** Two claims that ask for the same, a pod in each. */
function twoAlike(more: Partial<ProblemInput> = {}): { readonly input: ProblemInput; readonly plan: Solution } {
  const pods = ["a", "b"].map((name) =>
    aPod({ name, labels: { app: "web" }, requests: { cpu: "1" }, spec: { affinity: apart } }),
  );
  const input = problem({ pods, ...withTypes(small, large), ...more });
  return { input, plan: solve(input) };
}

function change(plan: Solution, index: number, changes: (claim: PlannedClaim) => Partial<PlannedClaim>): Solution {
  const newClaims = plan.newClaims.map((claim, each) => (each === index ? { ...claim, ...changes(claim) } : claim));
  return { ...plan, newClaims };
}

/** The pod of the second claim as it would be if it asked for more. */
function withSpec(plan: Solution, input: ProblemInput, spec: Partial<PodSpec>) {
  const grown = plan.newClaims[1]?.pods.map((pod) => ({ ...pod, spec: { ...pod.spec, ...spec } })) ?? [];
  const pods = input.pods.map((pod) => grown.find(({ metadata }) => metadata.name === pod.metadata.name) ?? pod);
  return checkPlan(
    { ...input, pods },
    change(plan, 1, () => ({ pods: grown })),
  );
}

describe("claims that ask alike", () => {
  it("share what a type is to them", () => {
    const { input, plan } = twoAlike();
    const book = new OfferBook(input.wellKnownLabels);
    const [first, second] = plan.newClaims.map((claim) => book.offersOf(claim));
    expect(first).toHaveLength(2);
    expect(second?.[0]?.shapes).toBe(first?.[0]?.shapes);
  });

  it("are two machines", () => {
    const { input, plan } = twoAlike();
    expect(plan.newClaims).toHaveLength(2);
    expect(checkPlan(input, plan)).toEqual([]);
  });

  it("have room each for its own pods", () => {
    const { input, plan } = twoAlike();
    const found = withSpec(plan, input, { containers: [{ name: "c", resources: { requests: { cpu: "3" } } }] });
    expect(found.map(({ rule, place }) => `${rule} ${place}`)).toContain("Resources claim 1 of default");
    expect(found.map(({ place }) => place)).not.toContain("claim 0 of default");
  });

  it("have a hostname each", () => {
    const { input, plan } = twoAlike();
    const nodeSelector = { [Label.Hostname]: "claim 1 of default" };
    const pods = input.pods.map((pod) => ({ ...pod, spec: { ...pod.spec, nodeSelector } }));
    const newClaims = plan.newClaims.map((claim, index) => ({ ...claim, pods: pods.slice(index, index + 1) }));
    const found = checkPlan({ ...input, pods }, { ...plan, newClaims });
    expect(new Set(found.map(({ rule, place }) => `${rule} ${place}`))).toEqual(new Set(["Labels claim 0 of default"]));
  });

  it("may ask for the hostname of one of them only", () => {
    const { input, plan } = twoAlike();
    const hostname = Requirement.of(Label.Hostname, "In", ["claim 0 of default"]);
    const newClaims = plan.newClaims.map((claim) => ({ ...claim, requirements: claim.requirements.with(hostname) }));
    const found = checkPlan(input, { ...plan, newClaims });
    expect(new Set(found.map(({ rule, place }) => `${rule} ${place}`))).toEqual(new Set(["Labels claim 1 of default"]));
  });

  it("are not alike when their labels differ", () => {
    const { input, plan } = twoAlike();
    const told = change(plan, 1, ({ labels }) => ({ labels: { ...labels, team: "web" } }));
    const nodeSelector = { team: "web" };
    expect(withSpec(told, input, { nodeSelector })).toEqual([]);
    expect(new Set(withSpec(plan, input, { nodeSelector }).map(({ rule }) => rule))).toEqual(new Set(["Labels"]));
  });

  it("may differ in which offerings of a type are large enough", () => {
    const wide = { ...anOffering({ zone: "zone-b", price: 0.2 }), capacityOverride: { cpu: 8000 } };
    const offerings = [anOffering({ zone: "zone-a", price: 0.1 }), wide];
    const uneven = anInstanceType({ name: "uneven", cpu: "2", offerings });
    const { input, plan } = twoAlike(withTypes(uneven));
    expect(checkPlan(input, plan)).toEqual([]);
    const grown = change(plan, 1, ({ requests }) => ({
      requests: { ...requests, cpu: 4000 },
      cheapest: { instanceType: uneven, offering: wide },
    }));
    const containers = [{ name: "c", resources: { requests: { cpu: "3" } } }];
    expect(withSpec(grown, input, { containers })).toEqual([]);
    expect(new Set(withSpec(plan, input, { containers }).map(({ rule }) => rule))).toEqual(
      new Set(["Resources", "Requests"]),
    );
  });

  it("are of the pool they name", () => {
    const [team, other] = ["team", "other"].map((name) =>
      aPoolInput({ name, instanceTypes: [small], labels: { owner: name } }),
    );
    if (!team || !other) throw new Error("no pools");
    const { input, plan } = twoAlike({ nodePools: [team, other] });
    const [first] = plan.newClaims;
    const elsewhere = first?.nodePool === "team" ? "other" : "team";
    const found = checkPlan(
      input,
      change(plan, 1, () => ({ nodePool: elsewhere })),
    );
    expect(new Set(found.map(({ rule, place }) => `${rule} ${place}`))).toEqual(
      new Set([`Labels claim 1 of ${elsewhere}`]),
    );
  });
});

describe("shapes of one claim", () => {
  it("get the daemons that choose them", () => {
    const daemonSets = [
      aDaemonSetInput({ name: "agent", requests: { cpu: "1500m" }, requiredTerms: [[[Label.Zone, "In", "zone-b"]]] }),
    ];
    const { input, plan } = twoAlike(withTypes(small));
    const found = checkPlan({ ...input, daemonSets }, plan);
    expect(new Set(found.map(({ rule }) => rule))).toEqual(new Set(["Resources"]));
    expect(found.every(({ detail }) => detail.includes(" in zone-b/"))).toBe(true);
    expect(found).toHaveLength(
      2 * everywhere(1).filter(({ requirements }) => requirements.get(Label.Zone).has("zone-b")).length,
    );
  });
});
