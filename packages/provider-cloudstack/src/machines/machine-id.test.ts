import { describe, expect, it } from "vitest";
import { machineName, parseProviderId, providerIdPrefix, retryName } from "./machine-id.ts";

const ID = "b70436a5-1901-5601-b097-27ff10f8dbc8";

describe("identities of machines", () => {
  it("T-64: every form that is written is read again; what is no machine of CloudStack is not", () => {
    for (const format of ["ccm", "capc", "zoned"] as const) {
      expect(parseProviderId(`${providerIdPrefix(format, "Zone 4 Edge")}${ID}`)).toBe(ID);
    }
    expect(providerIdPrefix("ccm", "z")).toBe("external-cloudstack://");
    expect(providerIdPrefix("zoned", "Zone 4 Edge")).toBe("cloudstack://Zone-4-Edge/");
    expect(parseProviderId(`cloudstack://${ID.toUpperCase()}`)).toBe(ID);
    for (const other of [`aws:///${ID}`, "cloudstack:///5", "", undefined])
      expect(parseProviderId(other)).toBeUndefined();
  });

  it("T-57: names are host names: 63 characters at most, no dots, no leading digit", () => {
    expect(machineName("default-x7k2p", "u")).toBe("default-x7k2p");
    expect(machineName("1.a.b", "u")).toBe("n-1-a-b");
    expect(machineName("a".repeat(70), "u1")).toMatch(/^a{54}-[0-9a-f]{8}$/);
    expect(machineName("a".repeat(70), "u1")).not.toBe(machineName("a".repeat(70), "u2"));
  });

  it("C-65: retry names are told from first names", () => {
    expect(retryName("a1", 2)).toBe("a1-r2");
    expect(retryName("a".repeat(63), 1)).toHaveLength(63);
  });
});
