import { SettingsError } from "@karpenter-multicloud/core/options";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CLOUDSTACK_VARIABLES } from "./settings-list.ts";
import { cloudStackSettings } from "./settings.ts";

const GOOD = {
  CLOUDSTACK_API_URL: "https://cloud.example.com/client/api",
  CLOUDSTACK_API_KEY: "key",
  CLOUDSTACK_SECRET_KEY: "secret",
};

const mistakes = (env: Readonly<Record<string, string>>, cluster = "prod"): string => {
  try {
    cloudStackSettings(env, cluster);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return "";
};

describe("settings", () => {
  it("T-09, S-21: everything that is missing stands in one error, and no secret does", () => {
    const { CLOUDSTACK_API_KEY: _, ...rest } = GOOD;
    const text = mistakes(rest, "");
    expect(text).toContain("CLOUDSTACK_API_KEY");
    expect(text).toContain("CLUSTER_NAME");
    expect(text).not.toContain("secret-value");
    expect(mistakes({}, "")).toMatch(
      /CLOUDSTACK_API_URL[\s\S]*CLOUDSTACK_API_KEY[\s\S]*CLOUDSTACK_SECRET_KEY[\s\S]*CLUSTER_NAME/,
    );
  });

  it.each([
    ["", true],
    ["true", true],
    ["anything", true],
    ["false", false],
    ["FALSE", false],
    ["0", false],
    ["no", false],
    ["off", false],
  ])("C-90: CLOUDSTACK_VERIFY_SSL=%s: %s", (text, verifies) => {
    expect(cloudStackSettings({ ...GOOD, CLOUDSTACK_VERIFY_SSL: text }, "prod").connection.verifySsl).toBe(verifies);
  });

  it("C-90: an address without a path is left open", () => {
    const url = (text: string): unknown => cloudStackSettings({ ...GOOD, CLOUDSTACK_API_URL: text }, "prod").connection;
    expect(url("https://your-cloudstack-api.com")).toMatchObject({
      url: "https://your-cloudstack-api.com",
      isBare: true,
    });
    expect(url("https://host/other/api/")).toMatchObject({ url: "https://host/other/api", isBare: false });
    expect(mistakes({ ...GOOD, CLOUDSTACK_API_URL: "ftp://host" })).toContain("http");
  });

  it("§12: the cloud-config of other programs is read, and what the environment says wins", async () => {
    const folder = await mkdtemp(join(tmpdir(), "cloud-config-"));
    const path = join(folder, "cloud-config");
    await writeFile(
      path,
      "[Global]\napi-url = https://ini/client/api\napi-key = ini-key\nsecret-key = ini-secret\nssl-no-verify = true\n[Other]\napi-key = x\n",
    );
    const { connection } = cloudStackSettings({ CLOUDSTACK_CLOUD_CONFIG: path, CLOUDSTACK_API_KEY: "own" }, "prod");
    expect(connection).toMatchObject({
      url: "https://ini/client/api",
      apiKey: "own",
      secretKey: "ini-secret",
      verifySsl: false,
    });
    expect(mistakes({ ...GOOD, CLOUDSTACK_CLOUD_CONFIG: join(folder, "nothing") })).toContain(
      "CLOUDSTACK_CLOUD_CONFIG",
    );
    await rm(folder, { recursive: true });
  });

  it("are all on the reference page, and nothing else is", () => {
    const read = new Set<string>();
    const asked = (_: object, name: string): string | undefined => {
      if (name.startsWith("CLOUDSTACK_") || name === "CLUSTER_ENDPOINT") read.add(name);
      return { ...GOOD, CLOUDSTACK_USERDATA_MAX_LENGTH: "32768" }[name];
    };
    cloudStackSettings(new Proxy({}, { get: asked as ProxyHandler<object>["get"] & {} }), "prod");
    expect([...read].toSorted()).toEqual(CLOUDSTACK_VARIABLES.map(({ name }) => name).toSorted());
  });

  it("§12: whether machines are expunged can be said for all classes", () => {
    expect(cloudStackSettings({ ...GOOD, CLOUDSTACK_EXPUNGE_POLICY: "never" }, "prod").expungePolicy).toBe("Never");
    expect(mistakes({ ...GOOD, CLOUDSTACK_EXPUNGE_POLICY: "x" })).toContain("CLOUDSTACK_EXPUNGE_POLICY");
  });

  it("mistakes in single settings are named", () => {
    const text = mistakes({
      ...GOOD,
      CLOUDSTACK_HTTP_METHOD: "put",
      CLOUDSTACK_CURRENCY: "euro",
      CLOUDSTACK_INSTANCE_TYPE_ALIASES: "x",
    });
    expect(text).toMatch(/CLOUDSTACK_HTTP_METHOD[\s\S]*CLOUDSTACK_CURRENCY[\s\S]*CLOUDSTACK_INSTANCE_TYPE_ALIASES/);
  });
});
