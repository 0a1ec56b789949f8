import { describe, expect, it } from "vitest";
import { parseCompareOptions, UsageError } from "./options.ts";

const ORACLE = { KMC_ORACLE: "/opt/oracle" };

describe("parseCompareOptions", () => {
  it("two hundred clusters, twenty questions each, unless told otherwise", () => {
    expect(parseCompareOptions(["disrupt"], ORACLE)).toEqual({
      action: "disrupt",
      seeds: { first: 1, last: 200 },
      repeat: 20,
      oracle: "/opt/oracle",
      json: false,
    });
  });

  it("takes what it is given, the flag before the environment", () => {
    const argv = [
      "schedule",
      "--seeds",
      "7",
      "--repeat",
      "3",
      "--oracle",
      "/o",
      "--from",
      "f",
      "--save",
      "s",
      "--json",
    ];
    expect(parseCompareOptions(["--", ...argv], ORACLE)).toEqual({
      action: "schedule",
      seeds: { first: 7, last: 7 },
      repeat: 3,
      oracle: "/o",
      from: "f",
      save: "s",
      json: true,
    });
  });

  it("says what to do when there is no Karpenter to ask", () => {
    expect(() => parseCompareOptions(["disrupt"], {})).toThrow(/give --oracle the path .* or set KMC_ORACLE/);
    expect(() => parseCompareOptions(["disrupt"], { KMC_ORACLE: "" })).toThrow(UsageError);
  });

  it.each([
    [[], /say what to compare: disrupt or schedule/],
    [["dance"], /disrupt or schedule/],
    [["disrupt", "--seeds", "9-1"], /--seeds "9-1" is no range/],
    [["disrupt", "--seeds", "x"], /--seeds "x"/],
    [["disrupt", "--repeat", "0"], /--repeat "0"/],
    [["disrupt", "--fast"], /--fast/],
  ])("refuses %s", (argv, message) => {
    expect(() => parseCompareOptions(argv, ORACLE)).toThrow(message);
    expect(() => parseCompareOptions(argv, ORACLE)).toThrow(UsageError);
  });

  it("helps", () => {
    expect(parseCompareOptions(["--help"], {})).toBe("help");
  });
});
