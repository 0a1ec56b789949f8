// Offerings whose machines differ from what their type says (S-502, S-503).

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { InstanceType, Offering } from "../../provider/index.ts";
import { anInstanceType, anOffering, aPod, aPoolInput, aProblem, pods } from "../../testing/builders/index.ts";
import type { OfferingOptions, PodOptions } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { cheapestTypes, companies, refusals, typeNames } from "../../testing/read-solution.ts";
import type { Solution } from "../index.ts";

const EXT = "example.com/ext";
const withExt = (options: OfferingOptions = {}): Offering => ({
  ...anOffering(options),
  capacityOverride: { [EXT]: 4 },
});
const plain = anInstanceType({ name: "plain", offerings: [anOffering({ price: 0.1 })] });
const special = (offering: Offering): InstanceType =>
  anInstanceType({ name: "special", offerings: [anOffering({ price: 0.2 }), offering] });
const ext = (amount: string): PodOptions => ({ requests: { [EXT]: amount } });

describe.each(PARITY_ENGINES)("offerings with their own capacity ($name)", (engine) => {
  function plan(options: PodOptions, instanceTypes: readonly InstanceType[], count = 1): Solution {
    const problem = aProblem({ pods: pods(count, options), nodePools: [aPoolInput({ instanceTypes })] });
    return expectValid(problem, engine.solve(problem));
  }
  const inZone2 = { zone: "test-zone-2", price: 0.5 };

  it("T-39: a pod that needs what one offering adds gets that type, through that offering", () => {
    const { newClaims } = plan(ext("1"), [plain, special(withExt(inZone2))]);
    expect(newClaims.map(typeNames)).toEqual([["special"]]);
    expect(newClaims[0]?.cheapest.offering.requirements.get(Label.Zone).single()).toBe("test-zone-2");
  });

  it("T-39: while that offering is sold out the pod waits", () => {
    const solution = plan(ext("1"), [plain, special(withExt({ ...inZone2, available: "out of stock" }))]);
    expect(refusals(solution)).toEqual(["OfferingUnavailable"]);
  });

  it("T-39, S-503: what no single offering has is not added up", () => {
    const halves = anInstanceType({
      name: "halves",
      offerings: [
        withExt({ zone: "test-zone-1" }),
        { ...anOffering({ zone: "test-zone-2" }), capacityOverride: { cpu: 8000 } },
      ],
    });
    expect(plan({ requests: { [EXT]: "1", cpu: "3" } }, [halves]).newClaims).toHaveLength(1);
    expect(refusals(plan({ requests: { [EXT]: "1", cpu: "6" } }, [halves]))).toEqual(["InsufficientResources"]);
  });

  it("S-503: an override takes the place of the type's own amount, and may make a machine smaller", () => {
    const shrunk = anInstanceType({
      name: "shrunk",
      cpu: "4",
      offerings: [{ ...anOffering({ price: 0.05 }), capacityOverride: { cpu: 2000 } }],
    });
    expect(companies(plan({ requests: { cpu: "1500m" } }, [shrunk], 2))).toEqual([["web-0"], ["web-1"]]);
    expect(refusals(plan({ requests: { cpu: "3" } }, [shrunk]))).toEqual(["InsufficientResources"]);
  });

  it("S-503: what an offering keeps for the machine itself counts entry by entry", () => {
    const busy = anInstanceType({
      name: "busy",
      cpu: "4",
      memory: "4Gi",
      kubeReserved: { cpu: "1", memory: "1Gi" },
      offerings: [{ ...anOffering(), overheadOverride: { kubeReserved: { cpu: 2500 } } }],
    });
    expect(refusals(plan({ requests: { cpu: "1600m" } }, [busy]))).toEqual(["InsufficientResources"]);
    expect(refusals(plan({ requests: { memory: "3500Mi" } }, [busy]))).toEqual(["InsufficientResources"]);
    expect(plan({ requests: { cpu: "1500m", memory: "3Gi" } }, [busy]).newClaims).toHaveLength(1);
  });

  it("S-502: huge pages that an override brings are taken out of memory", () => {
    const paged = anInstanceType({
      name: "paged",
      memory: "4Gi",
      offerings: [{ ...anOffering(), capacityOverride: { "hugepages-2Mi": 2 ** 30 } }],
    });
    expect(plan({ requests: { memory: "3Gi", "hugepages-2Mi": "1Gi" } }, [paged]).newClaims).toHaveLength(1);
    expect(refusals(plan({ requests: { memory: "3500Mi" } }, [paged]))).toEqual(["InsufficientResources"]);
  });

  it("S-505: the price of a type is that of an offering on which the pods fit", () => {
    const other = anInstanceType({
      name: "other",
      offerings: [withExt({ price: 0.3 })],
    });
    // By its plain offering the special type would be the cheaper one.
    const solution = plan(ext("1"), [special(withExt({ ...inZone2, price: 0.5 })), other]);
    expect(cheapestTypes(solution)).toEqual(["other"]);
    expect(solution.newClaims.map(typeNames)).toEqual([["other", "special"]]);
  });

  it("S-503: pods that need nothing special may go to any of the offerings", () => {
    const problem = aProblem({
      pods: [aPod({ requests: { cpu: "1" } })],
      nodePools: [aPoolInput({ instanceTypes: [special(withExt(inZone2))] })],
    });
    const { newClaims } = expectValid(problem, engine.solve(problem));
    expect(newClaims[0]?.cheapest.offering.price?.amount).toBe(0.2);
  });
});
