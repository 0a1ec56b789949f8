import { describe, expect, it } from "vitest";
import { ProviderError } from "../provider/index.ts";
import { FakeClock } from "../testing/index.ts";
import { silentLogger } from "../telemetry/index.ts";
import { milliseconds, seconds } from "../units/index.ts";
import { ObserveOnly, type Action, type ActionGate } from "./action-gate.ts";
import { GuardedCalls, type CallVerdict } from "./guarded-calls.ts";

const { signal } = new AbortController();
const down: CallVerdict = { cloud: "down", retry: true, reason: "down" };

function guarded(verdict: CallVerdict, observeOnly = false) {
  const clock = new FakeClock(0);
  const actions: Action[] = [];
  const gate: ActionGate = {
    observeOnly,
    run: (action, write) => {
      actions.push(action);
      return observeOnly ? Promise.reject(new ObserveOnly(action)) : write();
    },
  };
  const calls = new GuardedCalls({
    cloud: "the cloud",
    pace: { perSecond: 1000, burst: 100 },
    judge: () => verdict,
    clock,
    gate,
    logger: silentLogger,
    random: () => 1,
    breaker: { failures: 2, pause: seconds(30) },
  });
  return { calls, clock, actions };
}

describe("GuardedCalls", () => {
  it("repeats a call as the verdict says, and passes the gate once", async () => {
    const { calls, clock, actions } = guarded({
      cloud: "alive",
      retry: true,
      reason: "busy",
      after: milliseconds(700),
    });
    let sent = 0;
    const write = { verb: "POST", subject: "POST /servers (default-1)" };
    const done = calls.run({ name: "POST /servers", write, attempts: 3, signal }, async () => {
      sent++;
      if (sent < 3) throw new Error("busy");
      return clock.now();
    });
    await clock.advance(10_000);
    expect(await done).toBeGreaterThanOrEqual(1400);
    expect(actions).toEqual([{ target: "cloud", ...write }]);
  });

  it("reads do not pass the gate; in observe mode writes are not sent", async () => {
    const { calls, actions } = guarded(down, true);
    expect(await calls.run({ name: "GET /servers", attempts: 1, signal }, async () => 1)).toBe(1);
    expect(actions).toEqual([]);
    const write = { verb: "POST", subject: "POST /servers" };
    const refused = calls.run({ name: "POST /servers", write, attempts: 1, signal }, async () => {
      throw new Error("was sent");
    });
    await expect(refused).rejects.toBeInstanceOf(ObserveOnly);
  });

  it("sends nothing to a cloud that is down, and says when it will try again", async () => {
    const { calls, clock } = guarded({ ...down, retry: false });
    let sent = 0;
    const call = { name: "GET /servers", attempts: 1, signal };
    const send = async (): Promise<never> => {
      sent++;
      throw new Error("down");
    };
    for (let i = 0; i < 2; i++) await expect(calls.run(call, send)).rejects.toThrow("down");
    const blocked = await calls.run(call, send).catch((error: unknown) => error);
    expect(blocked).toMatchObject({ code: "PROVIDER_TRANSIENT", retryAfter: 30_000 });
    expect(ProviderError.is(blocked) && blocked.message).toBe(
      "GET /servers was not sent: the cloud has failed 2 calls in a row, the last with: down",
    );
    expect(sent).toBe(2);
    await clock.advance(30_000);
    expect(await calls.run(call, async () => "up")).toBe("up");
  });
});
