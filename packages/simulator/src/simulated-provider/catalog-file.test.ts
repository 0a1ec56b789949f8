import { Label } from "@karpenter-multicloud/core/api";
import { describe, expect, it } from "vitest";
import { CatalogError, offeringKeys, parseCatalog } from "./catalog-file.ts";
import { SimulatedLabel } from "./catalog.ts";

const is = (key: string, ...values: readonly string[]) => ({ key, operator: "In", values });
const OFFERING = {
  Price: 0.5,
  Available: false,
  Requirements: [is(Label.CapacityType, "spot"), is(Label.Zone, "z1"), is("example.com/rack", "r1")],
};
const TYPE = {
  name: "c5.large",
  architecture: "arm64",
  operatingSystems: ["linux"],
  resources: { cpu: "2", memory: "4Gi" },
  offerings: [OFFERING],
};

const parse = (...types: readonly unknown[]) => parseCatalog(JSON.stringify(types));

describe("SIM-7: a catalogue of one's own", () => {
  it("has what the file says, 110 pods, and sells everything", () => {
    const [type] = parse(TYPE);
    expect(type).toMatchObject({
      name: "c5.large",
      capacity: { cpu: 2000, memory: 4 * 1024 ** 3, pods: 110 },
      overhead: { kubeReserved: { cpu: 100 } },
      offerings: [{ price: { amount: 0.5, currency: "USD" }, availability: { available: true } }],
    });
    const labels = [Label.InstanceType, Label.Arch, Label.Os, Label.Zone, Label.CapacityType].map((key) =>
      type?.requirements.get(key).single(),
    );
    expect(labels).toEqual(["c5.large", "arm64", "linux", "z1", "spot"]);
  });

  it("SIM-6: family and size come from the name, or from the CPUs", () => {
    const named = (name: string) => {
      const [type] = parse({ ...TYPE, name });
      return [SimulatedLabel.Family, SimulatedLabel.Size].map((key) => type?.requirements.get(key).single());
    };
    expect(named("c5.large")).toEqual(["c5", "large"]);
    expect(named("b3-8")).toEqual(["b3", "2"]);
    expect(named("big")).toEqual(["b", "2"]);
  });

  it("is in name order, with what is reserved", () => {
    const reserved = {
      ...OFFERING,
      ReservationCapacity: 3,
      Requirements: [is(Label.CapacityType, "reserved"), is(Label.Zone, "z1")],
    };
    const types = parse({ ...TYPE, name: "b" }, { ...TYPE, name: "a", offerings: [reserved] });
    expect(types.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(types[0]?.offerings[0]?.reservationCapacity).toBe(3);
  });

  it("every key of its offerings may be asked for", () => {
    expect(offeringKeys(parse(TYPE))).toEqual(["example.com/rack", Label.CapacityType, Label.Zone]);
  });

  it.each([
    ["{", "the catalogue is no JSON"],
    ["{}", "the catalogue is no list"],
    ["[]", "the catalogue is empty"],
    ["[3]", "[0] is no object"],
    [[{ ...TYPE, name: "a b" }], '[0].name "a b" is no label value'],
    [[TYPE, TYPE], "two instance types have the same name"],
    [[{ ...TYPE, architecture: 3 }], "[0].architecture is no text"],
    [[{ ...TYPE, offerings: [] }], "[0].offerings is empty"],
    [[{ ...TYPE, resources: { cpu: "2" } }], "[0].resources.memory is missing"],
    [[{ ...TYPE, resources: { cpu: "two", memory: "1Gi" } }], "[0].resources: "],
    [[{ ...TYPE, offerings: [{ ...OFFERING, Price: "1" }] }], "[0].offerings[0].Price is no price"],
    [
      [{ ...TYPE, offerings: [{ ...OFFERING, Requirements: [is(Label.Zone, "z1")] }] }],
      "[0].offerings[0] needs one value for karpenter.sh/capacity-type",
    ],
    [
      [{ ...TYPE, offerings: [{ ...OFFERING, Requirements: [{ ...is(Label.Zone, "z1"), operator: "Is" }] }] }],
      "[0].offerings[0].Requirements[0]: operator Is of key topology.kubernetes.io/zone",
    ],
  ])("%j is refused: %s", (catalog, message) => {
    const text = typeof catalog === "string" ? catalog : JSON.stringify(catalog);
    expect(() => parseCatalog(text)).toThrow(CatalogError);
    expect(() => parseCatalog(text)).toThrow(message);
  });
});
