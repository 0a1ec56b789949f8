// The quick start on both clouds: 5 pods, 30 pods, none, and nothing is left.
// Scenarios of docs/reference/upstream-parity.md: E-132.

import "reflect-metadata";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";
import type { FakeOvh } from "@karpenter-multicloud/provider-ovh/testing";
import { describe, expect, it } from "vitest";
import { ovhCloud } from "../demo/clouds/ovh.ts";
import { simulatedCloud } from "../demo/clouds/simulated.ts";
import { runWithCrashes } from "./crash-run.ts";
import { runDemoCommand, type DemoRun } from "./demo-run.ts";

const CLOUDS = { ovh: () => ovhCloud(), simulated: () => simulatedCloud() } as const;

describe.each(["ovh", "simulated"] as const)("demo --ci --provider %s", (provider) => {
  it("ends with one JSON line of these fields, and everything given back", async () => {
    const { converged, totals } = await runDemoCommand(["--provider", provider]);
    expect(converged).toBe(true);
    expect(Object.keys(totals)).toEqual([
      "podsBound",
      "nodesPeak",
      "nodesEnd",
      "poolsEnd",
      "costPerHourPeak",
      "virtualSeconds",
      "wallSeconds",
    ]);
    expect(totals).toMatchObject({ podsBound: 30, nodesEnd: 0, poolsEnd: 0 });
    for (const field of ["nodesPeak", "costPerHourPeak", "virtualSeconds", "wallSeconds"]) {
      expect(totals[field], field).toBeTypeOf("number");
      expect(totals[field], field).toBeGreaterThan(0);
    }
  });

  it("logs neither an error nor a warning", async () => {
    const { logger } = await runDemoCommand(["--provider", provider]);
    expect([...logger.messages("error"), ...logger.messages("warn")]).toEqual([]);
    expect(logger.messages("info")).toContain("created nodeclaim");
  });

  it("buys one machine for each NodeClaim, never two", async () => {
    const { claimsEver, machinesEver, complaints, leftovers } = await runWithCrashes(CLOUDS[provider](), []);
    expect({ machinesEver, complaints, leftovers }).toEqual({
      machinesEver: claimsEver,
      complaints: [],
      leftovers: [],
    });
    expect(claimsEver).toBeGreaterThan(1);
  });

  it("decides the same in every run", async () => {
    const first = await runDemoCommand(["--provider", provider]);
    const second = await runDemoCommand(["--provider", provider]);
    expect(withoutWallTime(second)).toEqual(withoutWallTime(first));
    expect(first.lines.length).toBeGreaterThan(10);
  });
});

describe("demo --ci --provider ovh", () => {
  it("sends every signed request through node-ovh that it can sign, and nothing else but the public price list", async () => {
    const fakes: FakeOvh[] = [];
    const traffic = await listeningTo(() =>
      runDemoCommand(
        [],
        ovhCloud({}, (fake) => fakes.push(fake)),
      ),
    );
    const [fake] = fakes;
    const log = fake?.requestLog() ?? [];
    const port = String(fake?.port);
    const toFake = traffic.requests.filter((request) => request.port === port);
    const ofNodeOvh = toFake.filter(({ library }) => library === "node-ovh");
    const isBelowAuth = (path: string): boolean => path.startsWith("/1.0/auth/current");
    const signed = log.filter(({ auth, path }) => auth === "signed" && !isBelowAuth(path));
    expect(signed.length).toBeGreaterThan(100);
    expect(ofNodeOvh.map(({ path }) => path).filter((path) => path !== "/1.0/auth/time")).toHaveLength(signed.length);
    expect(toFake).toHaveLength(log.length);
    const others = toFake.filter(({ library }) => library !== "node-ovh").map(({ path }) => path);
    expect(others.toSorted()).toEqual([
      "/1.0/auth/currentCredential",
      "/1.0/order/catalog/public/cloud?ovhSubsidiary=FR",
    ]);
    expect(traffic.undici).toBe(0);
  });
});

/** The lines of a run but for what the clock on the wall has a say in. */
function withoutWallTime({ lines, totals }: DemoRun): readonly unknown[] {
  const { wallSeconds: _, ...rest } = totals;
  return [...lines.slice(0, -1).map((line) => line.replace(/took [\d.]+ s/, "took … s")), rest];
}

interface SentRequest {
  readonly port: string;
  readonly path: string;
  readonly library: "node-ovh" | "other";
}

/** Every HTTP request this process makes meanwhile, and whose code made it. */
async function listeningTo(
  work: () => Promise<unknown>,
): Promise<{ readonly requests: readonly SentRequest[]; readonly undici: number }> {
  const requests: SentRequest[] = [];
  let undici = 0;
  const limit = Error.stackTraceLimit;
  const onCreated = (message: unknown): void => {
    const { request } = message as { readonly request: ClientRequest };
    const stack = new Error("where").stack ?? "";
    const library = stack.includes("/@ovhcloud/node-ovh/") ? "node-ovh" : "other";
    const host = String(request.getHeader("host"));
    requests.push({ port: host.split(":")[1] ?? "", path: request.path, library });
  };
  const onUndici = (): void => void undici++;
  Error.stackTraceLimit = 50;
  subscribe("http.client.request.created", onCreated);
  subscribe("undici:request:create", onUndici);
  try {
    await work();
  } finally {
    unsubscribe("http.client.request.created", onCreated);
    unsubscribe("undici:request:create", onUndici);
    Error.stackTraceLimit = limit;
  }
  return { requests, undici };
}
