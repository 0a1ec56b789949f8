import { describe, expect, it } from "vitest";
import { minutes } from "../units/index.ts";
import { EnvironmentReader } from "./environment-reader.ts";

describe("EnvironmentReader", () => {
  it("trims, and takes the fallback for what is not set", () => {
    const read = new EnvironmentReader({ A: " x ", B: " " });
    expect([read.text("A"), read.text("B"), read.text("C")]).toEqual(["x", "", ""]);
    expect([read.number("B", 7, { min: 1, max: 9 }), read.flag("B", true), read.duration("B", minutes(3))]).toEqual([
      7,
      true,
      minutes(3),
    ]);
    expect([read.oneOf("A", "y", ["x", "y"]), read.oneOf("B", "y", ["x", "y"])]).toEqual(["x", "y"]);
    expect({ ...read.optional("c", "C", /./, "anything") }).toEqual({});
    expect(read.problems).toEqual([]);
  });

  it("keeps every mistake with its variable, value and fix", () => {
    const read = new EnvironmentReader({ N: "12", F: "ja", D: "soon", P: "x y", U: "::" });
    read.number("N", 1, { min: 1, max: 9 });
    read.flag("F", true);
    read.duration("D", minutes(1));
    expect(read.oneOf("D", "now", ["now", "later"])).toBe("now");
    read.optional("p", "P", /^\S+$/, "one word");
    read.checked("U", "", () => {
      throw new Error("is no URL");
    });
    expect(read.problems.map(({ setting, value, problem, fix }) => `${setting}=${value} ${problem}: ${fix}`)).toEqual([
      "N=12 is no number in range: use a number between 1 and 9",
      "F=ja is neither true nor false: use true or false",
      "D=soon is not a duration: use a text such as 10m or 1h30m",
      "D=soon is none of the possible values: use now or later",
      "P=x y is written wrongly: use one word",
      "U=:: is no URL: correct it or leave it out",
    ]);
  });
});
