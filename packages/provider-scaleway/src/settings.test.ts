import { describe, expect, it } from "vitest";

import { SCALEWAY_VARIABLES } from "./settings-list.ts";
import { scalewaySettings } from "./settings.ts";

const GOOD = {
  SCW_ACCESS_KEY: "SCW0123456789ABCDEFG",
  SCW_SECRET_KEY: "11111111-2222-4333-8444-555555555555",
  SCW_DEFAULT_PROJECT_ID: "66666666-7777-4888-8999-000000000000",
};
/** What every provider is told by the controller, on the page of the controller's own settings. */
const THE_CONTROLLERS: readonly string[] = ["SYSTEM_NAMESPACE", "POD_NAMESPACE"];

describe("settings", () => {
  it("T-47: a key of the wrong form is named, and never shown", () => {
    const env = { SCW_ACCESS_KEY: "abc-secret", SCW_SECRET_KEY: "hunter2" };
    expect(() => scalewaySettings(env, "prod")).toThrow(/SCW and 17/);
    expect(() => scalewaySettings(env, "prod")).not.toThrow(/abc-secret|hunter2/);
  });

  it("S-08 to S-12, T-46: keys and project are required, region and zone have the document's defaults", () => {
    const settings = scalewaySettings({ ...GOOD, SCW_API_URL: "https://api.example.test/" }, "prod");
    expect(settings).toMatchObject({ region: "fr-par", zone: "fr-par-1", apiURL: "https://api.example.test" });
    expect(() => scalewaySettings({}, "prod")).toThrow("SCW_DEFAULT_PROJECT_ID");
  });

  it("are all on the reference page, and nothing else is", () => {
    const read = new Set<string>();
    const asked = (_: object, name: string): string | undefined => {
      if (!THE_CONTROLLERS.includes(name)) read.add(name);
      return { ...GOOD }[name];
    };
    scalewaySettings(new Proxy({}, { get: asked as ProxyHandler<object>["get"] & {} }), "prod");
    expect([...read].toSorted()).toEqual(SCALEWAY_VARIABLES.map(({ name }) => name).toSorted());
  });
});
