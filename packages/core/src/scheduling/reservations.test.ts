import { describe, expect, it } from "vitest";
import { CapacityType, WELL_KNOWN_LABELS } from "../api/index.ts";
import type { InstanceType, Offering } from "../provider/index.ts";
import { Requirements } from "../requirements/index.ts";
import { anInstanceType, anOffering } from "../testing/builders/index.ts";
import { ReservationManager } from "./reservations.ts";

const ID = "example.com/reservation-id";
const WELL_KNOWN = new Set([...WELL_KNOWN_LABELS, ID]);
const offer = (id: string, count: number, zone = "z1"): Offering => ({
  ...anOffering({ zone, capacityType: CapacityType.Reserved, labels: { [ID]: id } }),
  reservationCapacity: count,
});
const typeWith = (...offerings: readonly Offering[]): InstanceType => anInstanceType({ offerings });
const manager = (...offerings: readonly Offering[]) => new ReservationManager([typeWith(...offerings)], ID);

describe("ReservationManager", () => {
  it("T-126: reserving twice for one host takes one machine", () => {
    const reservations = manager(offer("r", 2));
    reservations.reserve("a", "r");
    reservations.reserve("a", "r");
    expect([reservations.remaining("r"), reservations.heldBy("a")]).toEqual([1, ["r"]]);
  });

  it("T-126: releasing what a host does not have changes nothing", () => {
    const reservations = manager(offer("r", 1));
    reservations.reserve("a", "r");
    reservations.release("b", "r");
    reservations.release("a", "unknown");
    expect(reservations.remaining("r")).toBe(0);
  });

  it("T-126: more than there are cannot be reserved", () => {
    const reservations = manager(offer("r", 1));
    reservations.reserve("a", "r");
    expect(reservations.canReserve("a", "r")).toBe(true);
    expect(reservations.canReserve("b", "r")).toBe(false);
    expect(() => reservations.reserve("b", "r")).toThrow("reservation r has no room for b");
  });

  it("S-513: what no offering names cannot be reserved", () => {
    expect(() => manager(offer("r", 1)).reserve("a", "other")).toThrow("no offering belongs to reservation other");
  });

  it("S-513: a machine that is released can be reserved again", () => {
    const reservations = manager(offer("r", 1));
    reservations.reserve("a", "r");
    reservations.release("a", "r");
    reservations.reserve("b", "r");
    expect(reservations.heldBy("b")).toEqual(["r"]);
  });

  it("S-513: of several counts the smallest is believed", () => {
    const types = [typeWith(offer("r", 3)), typeWith(offer("r", 1)), typeWith(offer("r", 2))];
    expect(new ReservationManager(types, ID).remaining("r")).toBe(1);
  });

  it("S-514: holding exactly some gives the others back", () => {
    const reservations = manager(offer("r1", 1), offer("r2", 1, "z2"));
    reservations.hold("a", ["r1", "r2"]);
    reservations.hold("a", ["r2"]);
    expect([reservations.remaining("r1"), reservations.remaining("r2")]).toEqual([1, 0]);
  });

  it("S-514: finds what a claim could use: available, reserved and compatible, in name order", () => {
    const gone: Offering = { ...offer("r3", 1), availability: { available: false, reason: "x" } };
    const type = typeWith(offer("r2", 1, "z2"), offer("r1", 1), gone, anOffering({ zone: "z1" }));
    const reservations = new ReservationManager([type], ID);
    const inZone = (zone: string) => Requirements.fromLabels({ "topology.kubernetes.io/zone": zone });
    expect(reservations.idsFor([type], Requirements.empty, WELL_KNOWN)).toEqual(["r1", "r2"]);
    expect(reservations.idsFor([type], inZone("z2"), WELL_KNOWN)).toEqual(["r2"]);
  });

  it("S-512: knows of no reservation without a label for its id", () => {
    const type = typeWith(offer("r", 1));
    expect(new ReservationManager([type], undefined).idsFor([type], Requirements.empty, WELL_KNOWN)).toEqual([]);
  });
});
