import { describe, expect, it } from "vitest";
import { UsageError } from "../command-line/read-flags.ts";
import { DEMO_HELP, parseDemoOptions } from "./options.ts";

describe("demo options", () => {
  it("without flags in a terminal: OVHcloud, pictures, sixty times as fast as real", () => {
    expect(parseDemoOptions([], true)).toEqual({
      cloud: "ovh",
      real: false,
      ci: false,
      speed: 60,
      files: [],
      help: false,
    });
  });

  it("without a terminal it prints plain lines and does not wait", () => {
    expect(parseDemoOptions([], false)).toMatchObject({ ci: true, speed: "fast" });
    expect(parseDemoOptions(["--ci"], true)).toMatchObject({ ci: true, speed: "fast" });
  });

  it("reads all flags; a separator of the package manager is ignored", () => {
    const argv = ["--", "--provider", "simulated", "--speed=120", "-f", "a.yaml", "--file", "b.yaml"];
    expect(parseDemoOptions(argv, true)).toMatchObject({
      cloud: "simulated",
      speed: 120,
      files: ["a.yaml", "b.yaml"],
    });
    expect(parseDemoOptions(["-h"], true).help).toBe(true);
  });

  it("SIM-7: a catalogue of one's own is for the simulated cloud, as a flag or a variable", () => {
    const env = { INSTANCE_TYPES_FILE_PATH: "b.json" };
    const catalog = (argv: readonly string[]) => parseDemoOptions(argv, true, env).catalog;
    expect(catalog(["--provider=simulated", "--instance-types-file-path=a.json"])).toBe("a.json");
    expect(catalog(["--provider=simulated"])).toBe("b.json");
    expect(catalog([])).toBeUndefined();
  });

  it.each([
    [["--instance-types-file-path=a"], "--instance-types-file-path works with --provider simulated only, not with ovh"],
    [["--provider", "aws"], '--provider "aws" is not in the demo: choose one of ovh, scaleway, cloudstack, simulated'],
    [["--speed", "0"], '--speed "0" is no speed: write a number above 0 (virtual seconds per second) or fast'],
    [["--speed", "quick"], '--speed "quick" is no speed: write a number above 0 (virtual seconds per second) or fast'],
    [["--real", "--provider=simulated"], "--real works with --provider ovh only, not with simulated"],
  ])("%j is refused with what to do", (argv, message) => {
    expect(() => parseDemoOptions(argv, true)).toThrow(new UsageError(message));
  });

  it("a flag that does not exist is named, with the help", () => {
    expect(() => parseDemoOptions(["--spead", "3"], true)).toThrow(`Unknown option '--spead'`);
    expect(() => parseDemoOptions(["--spead", "3"], true)).toThrow(DEMO_HELP);
  });
});
