import { describe, expect, it } from "vitest";

import { CredentialsError, readCredentials } from "./credentials.ts";
import { parseEndpoint } from "./endpoints.ts";
import { kindOf, toProviderError } from "./failure-kind.ts";
import { OvhApiError } from "./ovh-api.ts";
import { pathOf } from "./path.ts";
import { listOf, parseMachine, parsePool } from "./wire.ts";

const error = (status: number, said: string, errorCode?: string): OvhApiError =>
  new OvhApiError({
    method: "PUT",
    route: "/kube/{kubeId}/nodepool/{poolId}",
    status,
    said,
    ...(errorCode === undefined ? {} : { errorCode }),
    outcomeUnknown: false,
  });

describe("paths", () => {
  it("T-68, T-78: an id never leaves its segment", () => {
    expect(pathOf("/a/{x}/b", { x: "1/../2 ?" }).path).toBe("/a/1%2F..%2F2%20%3F/b");
    for (const x of ["", "..", ".", "a\nb"]) expect(() => pathOf("/a/{x}", { x })).toThrow(/cannot be part/);
  });
});

describe("endpoints", () => {
  it("knows the three regions and full URLs", () => {
    expect(parseEndpoint("ovh-ca")).toMatchObject({ host: "ca.api.ovh.com", basePath: "/1.0", subsidiary: "CA" });
    expect(parseEndpoint("https://localhost:8443/1.0/")).toMatchObject({
      host: "localhost",
      port: 8443,
      basePath: "/1.0",
    });
  });

  it("refuses what would leak credentials or lead nowhere, and says what to use", () => {
    for (const text of ["ovh-xx", "http://api.example.com/1.0", "ftp://x/y", "https://a:b@x/1.0"]) {
      expect(() => parseEndpoint(text)).toThrow(/use ovh-eu, ovh-ca, ovh-us or an https URL/);
    }
  });
});

describe("credentials", () => {
  const whole = { applicationKey: "ak\n", applicationSecret: " as ", consumerKey: "ck" };

  it("O-60: are trimmed, and read under both names", () => {
    const wanted = { kind: "application-keys", applicationKey: "ak", applicationSecret: "as", consumerKey: "ck" };
    expect(readCredentials(whole, "Secret a/b")).toEqual(wanted);
    const renamed = { OVH_APPLICATION_KEY: "ak", OVH_APPLICATION_SECRET: "as", OVH_CONSUMER_KEY: "ck" };
    expect(readCredentials(renamed, "the environment")).toEqual(wanted);
    expect(readCredentials({}, "Secret a/b")).toBeUndefined();
  });

  it("O-60: name what is missing, ambiguous or not usable", () => {
    const reason = (values: Readonly<Record<string, string>>): string => {
      try {
        readCredentials(values, "Secret a/b");
        return "accepted";
      } catch (thrown) {
        return thrown instanceof CredentialsError ? `${thrown.reason}: ${thrown.message}` : "another error";
      }
    };
    expect(reason({ applicationKey: "ak" })).toBe(
      "MissingKey: Secret a/b has no value for applicationSecret, consumerKey: add it; https://api.ovh.com/createToken/ makes applicationKey, applicationSecret and consumerKey together",
    );
    expect(reason({ ...whole, clientId: "c", clientSecret: "s" })).toMatch(/^AmbiguousCredentials/);
    expect(reason({ clientId: "c" })).toMatch(/^MissingKey: Secret a\/b has no value for clientSecret: add it/);
  });

  it("O-60: service accounts and ready tokens are credentials too", () => {
    const account = { kind: "service-account", clientId: "c", clientSecret: "s", endpoint: "ovh-ca" };
    expect(readCredentials({ clientId: "c", clientSecret: "s", endpoint: "ovh-ca" }, "x")).toEqual(account);
    expect(readCredentials({ OVH_ACCESS_TOKEN: "t\n" }, "x")).toEqual({ kind: "access-token", accessToken: "t" });
  });
});

describe("what an error means", () => {
  it.each([
    [400, "availabilityZones is mandatory", "zones-mandatory"],
    [400, "[IntegrityError] 400: Cannot delete NodePool: NodePool status is UPSCALING", "busy"],
    [409, "Conflict: another operation is in progress", "busy"],
    [409, "NodePool name already exists", "name-taken"],
    [400, "Quota exceeded for cores", "quota"],
    [400, "desiredNodes must be at most 100", "config"],
    [401, "", "auth"],
    [404, "NodePool does not exist", "not-found"],
    [408, "", "transient"],
    [429, "", "rate-limited"],
    [460, "", "expired"],
    [500, "", "transient"],
  ])("O-62: %i %s is %s", (status, said, kind) => {
    expect(kindOf(error(status, said))).toBe(kind);
  });

  it("O-62: 403 tells a bad key from a missing right", () => {
    expect(kindOf(error(403, "", "INVALID_CREDENTIAL"))).toBe("auth");
    expect(kindOf(error(403, "", "NOT_GRANTED_CALL"))).toBe("permission");
  });

  it("names the right to grant and leaves foreign errors alone", () => {
    expect((toProviderError(error(403, "no", "NOT_GRANTED_CALL"), "raising pool x") as Error).message).toMatch(
      /^raising pool x: .*grant the right "PUT \/kube\/\{kubeId\}\/nodepool\/\{poolId\}"/,
    );
    const defect = new TypeError("x");
    expect(toProviderError(defect, "raising pool x")).toBe(defect);
  });
});

describe("answers", () => {
  it("an empty answer is never an empty list", () => {
    expect(() => listOf(null, "pool", parsePool)).toThrow(/no list of pools/);
  });

  it("unknown and missing fields are taken calmly, a machine without id is not", () => {
    expect(parseMachine({ id: "1", instanceId: null, status: "BRAND_NEW" })).toMatchObject({
      instanceId: "",
      status: "BRAND_NEW",
    });
    expect(() => parseMachine({ name: "x" })).toThrow(/without id/);
  });
});
