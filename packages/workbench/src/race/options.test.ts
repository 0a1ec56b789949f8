import { describe, expect, it } from "vitest";
import { UsageError } from "../command-line/read-flags.ts";
import { parseRaceOptions } from "./options.ts";

describe("parseRaceOptions", () => {
  it("two hundred disruptions on two dozen nodes, unless told otherwise", () => {
    const defaults = { disruptions: 200, nodes: 24, seed: 1, timeScale: 20, json: false };
    expect(parseRaceOptions([])).toEqual(defaults);
    const argv = ["--disruptions", "20", "--nodes", "9", "--seed", "7", "--time-scale", "10", "--json"];
    expect(parseRaceOptions(argv)).toEqual({ disruptions: 20, nodes: 9, seed: 7, timeScale: 10, json: true });
  });

  it.each([["--nodes", "5"], ["--disruptions", "0"], ["--seed", "x"], ["--fast"]])("refuses %s %s", (...argv) => {
    expect(() => parseRaceOptions(argv)).toThrow(UsageError);
  });
});
