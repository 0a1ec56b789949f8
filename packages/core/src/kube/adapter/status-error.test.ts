import { describe, expect, it } from "vitest";
import { isAlreadyExists, isConflict, isExpired } from "../errors.ts";
import { answerError } from "./status-error.ts";

function status(fields: object): string {
  return JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", ...fields });
}

describe("answerError", () => {
  it("takes reason and message from the Status", () => {
    const body = status({ reason: "NotFound", message: 'pods "b" not found', code: 404 });
    const error = answerError("get pods a/b", 404, body, undefined);
    expect(error).toMatchObject({ code: 404, reason: "NotFound", retryAfterSeconds: undefined });
    expect(error.message).toBe('pods "b" not found');
  });

  it("tells AlreadyExists from Conflict, both 409", () => {
    const exists = answerError("create nodes n", 409, status({ reason: "AlreadyExists" }), undefined);
    const conflict = answerError("update nodes n", 409, status({ reason: "Conflict" }), undefined);
    expect([isAlreadyExists(exists), isConflict(exists)]).toEqual([true, false]);
    expect([isAlreadyExists(conflict), isConflict(conflict)]).toEqual([false, true]);
  });

  it("RT-4: knows both names of an expired version", () => {
    expect(isExpired(answerError("list pods", 410, status({ reason: "Expired" }), undefined))).toBe(true);
    expect(answerError("list pods", 410, "", undefined)).toMatchObject({ code: 410, reason: "Gone" });
  });

  it("RT-21: reads Retry-After from the header, then from the Status", () => {
    const body = status({ reason: "TooManyRequests", details: { retryAfterSeconds: 10 } });
    expect(answerError("evict pods a/b", 429, body, undefined).retryAfterSeconds).toBe(10);
    expect(answerError("evict pods a/b", 429, body, "3").retryAfterSeconds).toBe(3);
    expect(answerError("evict pods a/b", 429, body, "Wed, 21 Oct 2026 07:28:00 GMT").retryAfterSeconds).toBe(10);
  });

  it("understands answers without a Status by their code, says what was asked and shortens their text", () => {
    const error = answerError("list pods", 503, `<html>${"x".repeat(5000)}`, undefined);
    expect(error).toMatchObject({ code: 503, reason: "ServiceUnavailable" });
    expect(error.message).toMatch(/^list pods: answer 503: <html>x/);
    expect(error.message.length).toBeLessThan(250);
    expect(answerError("list pods", 418, "", undefined)).toMatchObject({
      reason: "Unknown",
      message: "list pods: answer 418",
    });
  });

  it("falls back to the code for a reason that is not ours", () => {
    expect(answerError("get nodes n", 500, status({ reason: "StoreReadError" }), undefined).reason).toBe(
      "InternalError",
    );
  });
});
