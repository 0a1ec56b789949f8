import { expect, it } from "vitest";
import { SCALEWAY_VARIABLES } from "./settings-list.ts";
import { scalewaySettings } from "./settings.ts";

const GOOD: Readonly<Record<string, string>> = {
  SCW_ACCESS_KEY: "SCWAAAAAAAAAAAAAAAAA",
  SCW_SECRET_KEY: "11111111-2222-4333-8444-555555555555",
  SCW_DEFAULT_PROJECT_ID: "11111111-2222-4333-8444-555555555555",
};
/** Of the process, not of the provider. */
const COMMON = ["SYSTEM_NAMESPACE", "POD_NAMESPACE"];

it("S-08 to S-12: the reference page lists the variables that are read, and no others", () => {
  const read = new Set<string>();
  const asked = (_: object, name: string): string | undefined => {
    read.add(name);
    return GOOD[name];
  };
  scalewaySettings(new Proxy({}, { get: asked as ProxyHandler<object>["get"] & {} }), "prod");
  const own = [...read].filter((name) => !COMMON.includes(name));
  expect(own.toSorted()).toEqual(SCALEWAY_VARIABLES.map(({ name }) => name).toSorted());
});
