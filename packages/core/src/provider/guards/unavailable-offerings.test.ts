import { describe, expect, it } from "vitest";
import { minutes, seconds } from "../../units/index.ts";
import type { FailureScope } from "../errors.ts";
import { keysOfScope, UnavailableOfferings, type OfferingKey } from "./unavailable-offerings.ts";

const B3: Required<OfferingKey> = { instanceType: "b3-8", zone: "a", capacityType: "on-demand" };

function world() {
  const time = { now: 1_000_000 };
  return { time, offerings: new UnavailableOfferings(() => time.now) };
}

describe("UnavailableOfferings", () => {
  it("LC-21: what was refused is unavailable, with reason and end, until then; everything else is not", () => {
    const { time, offerings } = world();
    offerings.mark(B3, "OutOfStock", minutes(3));
    const until = time.now + 180_000;
    expect(offerings.availability(B3)).toEqual({ available: false, reason: "OutOfStock", until });
    for (const other of [{ instanceType: "c3-8" }, { zone: "b" }, { capacityType: "spot" }]) {
      expect(offerings.availability({ ...B3, ...other })).toEqual({ available: true });
    }
    time.now = until - 1;
    expect(offerings.availability(B3).available).toBe(false);
    time.now = until;
    expect(offerings.availability(B3)).toEqual({ available: true });
  });

  it("LC-21: marking again extends the time and never shortens it", () => {
    const { time, offerings } = world();
    offerings.mark(B3, "OutOfStock", minutes(3));
    time.now += minutes(1);
    offerings.mark(B3, "Later", minutes(3));
    expect(offerings.availability(B3)).toMatchObject({ reason: "Later", until: time.now + 180_000 });
    offerings.mark(B3, "Shorter", seconds(1));
    expect(offerings.availability(B3)).toMatchObject({ reason: "Later", until: time.now + 180_000 });
  });

  it("LC-21: of several marks that cover an offering the one that lasts longest counts", () => {
    const { time, offerings } = world();
    offerings.mark(B3, "OutOfStock", minutes(3));
    offerings.mark({ zone: "a" }, "ZoneDown", minutes(10));
    offerings.mark({ capacityType: "on-demand" }, "Quota", minutes(5));
    expect(offerings.availability(B3)).toMatchObject({ reason: "ZoneDown", until: time.now + 600_000 });
    time.now += minutes(11);
    expect(offerings.availability(B3).available).toBe(true);
  });

  it("LC-21: a whole capacity type can be marked", () => {
    const { offerings } = world();
    offerings.mark({ capacityType: "spot" }, "Quota", minutes(5));
    expect(offerings.availability({ ...B3, capacityType: "spot" }).available).toBe(false);
    expect(offerings.availability(B3).available).toBe(true);
  });

  it("LC-21: the version changes when a mark comes, is extended or expires, and only then", () => {
    const { time, offerings } = world();
    const seen = [offerings.version];
    const look = (): number => seen.push(offerings.version);
    offerings.mark(B3, "OutOfStock", minutes(3));
    look();
    offerings.mark(B3, "OutOfStock", minutes(1));
    time.now += minutes(2);
    look();
    offerings.mark(B3, "OutOfStock", minutes(3));
    look();
    time.now += minutes(3);
    look();
    const [none, first, same, extended, gone] = seen;
    expect(same).toBe(first);
    expect(new Set([none, first, extended, gone]).size).toBe(4);
  });
});

describe("keysOfScope", () => {
  const reach = {
    typesOfFamily: (family: string) => ["b3-8", "b3-16", "c3-8"].filter((name) => name.startsWith(family)),
    zonesOfRegion: (region: string) => (region === "GRA" ? ["GRA-a", "GRA-b"] : []),
  };

  it.each<[string, FailureScope, readonly OfferingKey[]]>([
    ["a machine is nothing that could be avoided", { level: "machine", name: "i-1", zone: "a" }, []],
    ["a type", { level: "type", name: "b3-8" }, [{ instanceType: "b3-8" }]],
    [
      "a type in one zone at one capacity type",
      { level: "type", name: "b3-8", zone: "a", capacityType: "spot" },
      [{ instanceType: "b3-8", zone: "a", capacityType: "spot" }],
    ],
    ["a type that is not named", { level: "type", zone: "a" }, []],
    [
      "a family is each of its types",
      { level: "family", name: "b3", zone: "a" },
      [
        { instanceType: "b3-8", zone: "a" },
        { instanceType: "b3-16", zone: "a" },
      ],
    ],
    ["a family that nobody knows", { level: "family", name: "x9" }, []],
    ["a zone by its name", { level: "zone", name: "a" }, [{ zone: "a" }]],
    ["a zone by its field", { level: "zone", zone: "a", capacityType: "spot" }, [{ zone: "a", capacityType: "spot" }]],
    ["a zone that is not named", { level: "zone", capacityType: "spot" }, []],
    ["a region is each of its zones", { level: "region", name: "GRA" }, [{ zone: "GRA-a" }, { zone: "GRA-b" }]],
    [
      "a region for one capacity type",
      { level: "region", name: "GRA", capacityType: "spot" },
      [
        { zone: "GRA-a", capacityType: "spot" },
        { zone: "GRA-b", capacityType: "spot" },
      ],
    ],
    ["a region that is not named", { level: "region" }, []],
    ["an account is everything", { level: "account" }, [{}]],
    ["an account's capacity type", { level: "account", capacityType: "spot" }, [{ capacityType: "spot" }]],
  ])("LC-21: %s", (_, scope, keys) => {
    expect(keysOfScope(scope, reach)).toEqual(keys);
  });

  it.each(["machine", "type", "family", "zone", "region"] as const)(
    "LC-21: level %s never takes everything out when the provider cannot say what it covers",
    (level) => {
      const { offerings } = world();
      for (const scope of [{ level }, { level, capacityType: "on-demand" }, { level, name: "elsewhere" }]) {
        for (const key of keysOfScope(scope)) offerings.mark(key, "Refused", minutes(3));
      }
      expect(offerings.availability(B3)).toEqual({ available: true });
    },
  );
});
