import { describe, expect, it } from "vitest";

import { KubeError } from "../kube/index.ts";
import { ObserveOnly } from "./action-gate.ts";
import { TerminalError, failureKind, retryAfterMs } from "./failure.ts";

const conflict = new KubeError(409, "Conflict", "changed");
const held = new ObserveOnly({ target: "cloud", verb: "create", subject: "machine" });

describe("failureKind", () => {
  it("finds a conflict, an observed write and a terminal failure behind causes", () => {
    expect(failureKind(new Error("patching x", { cause: conflict }))).toBe("conflict");
    expect(failureKind(new Error("creating y", { cause: held }))).toBe("observed");
    expect(failureKind(new TerminalError("bad spec", { cause: conflict }))).toBe("terminal");
    expect(failureKind(new KubeError(500, "InternalError", "no"))).toBe("error");
  });

  it("takes another system's 409 for an error", () => {
    expect(failureKind(Object.assign(new Error("cloud says conflict"), { code: 409 }))).toBe("error");
  });

  it("takes the worst of several", () => {
    expect(failureKind(new AggregateError([conflict, held]))).toBe("conflict");
    expect(failureKind(new AggregateError([conflict, new Error("x")]))).toBe("error");
    expect(failureKind(new Error("both", { cause: new AggregateError([held, held]) }))).toBe("observed");
  });

  it("survives what is no error at all", () => {
    expect([failureKind("text"), failureKind(undefined), failureKind(null)]).toEqual(["error", "error", "error"]);
  });
});

describe("retryAfterMs", () => {
  it("RT-21: reads Retry-After of the API server in seconds and of a cloud in milliseconds", () => {
    const busy = new KubeError(429, "TooManyRequests", "later", { retryAfterSeconds: 7 });
    expect(retryAfterMs(new Error("x", { cause: busy }))).toBe(7000);
    expect(retryAfterMs(Object.assign(new Error("y"), { retryAfter: 1500 }))).toBe(1500);
    expect(retryAfterMs(new AggregateError([busy, new Error("z")]))).toBe(7000);
    expect(retryAfterMs(new Error("w"))).toBe(0);
  });
});
