import { describe, expect, it } from "vitest";
import { parseConformanceOptions, parseFaultsOptions } from "./options.ts";

describe("options of conformance and faults", () => {
  it("stand for OVHcloud, 100 nodes and 20 runs when nothing is said", () => {
    expect(parseConformanceOptions([])).toMatchObject({ provider: "ovh", broken: false, nodes: 100 });
    expect(parseFaultsOptions([])).toMatchObject({ provider: "ovh", runs: 20, seed: 1 });
  });

  it("are read", () => {
    expect(parseConformanceOptions(["--provider", "simulated", "--nodes", "0", "--broken"])).toMatchObject({
      provider: "simulated",
      broken: true,
      nodes: 0,
    });
    expect(parseFaultsOptions(["--provider", "example", "--runs", "3", "--seed", "7"])).toMatchObject({
      provider: "example",
      runs: 3,
      seed: 7,
    });
  });

  it.each([
    [["--provider", "nimbus"], '--provider "nimbus" is none of ovh, '],
    [["--runs", "some"], '--runs "some" is no whole number'],
    [["--runs", "0"], '--runs "0" is no whole number'],
    [["--what"], "--what"],
  ])("%j is refused with what to write", (argv, said) => {
    expect(() => parseFaultsOptions(argv)).toThrow(said);
  });
});
