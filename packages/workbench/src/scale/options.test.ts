import { expect, it } from "vitest";
import { parseScaleOptions } from "./options.ts";

it("a large cluster has 300 nodes with ten pods each unless it is said", () => {
  expect(parseScaleOptions([])).toEqual({ nodes: 300, podsPerNode: 10, burst: 2000, seconds: 60, json: false });
  expect(parseScaleOptions(["--nodes", "500", "--profile", "/tmp/p", "--json"])).toMatchObject({
    nodes: 500,
    profile: "/tmp/p",
    json: true,
  });
});

it("a wrong flag is named, with the value", () => {
  expect(() => parseScaleOptions(["--nodes", "0"])).toThrow('--nodes "0" is no whole number from 1 on');
  expect(() => parseScaleOptions(["--pods", "1"])).toThrow("pnpm scale");
});
