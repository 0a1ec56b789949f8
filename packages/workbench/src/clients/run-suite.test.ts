// A client passes only when it ends well and the fake saw nothing but what it was meant to see.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ovhClients } from "./ovh/suite.ts";
import { runSuite, type Outcome } from "./run-suite.ts";

let folder: string;
const path = process.env["PATH"];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kmc-clients-"));
});
afterEach(() => {
  process.env["PATH"] = path;
  rmSync(folder, { recursive: true, force: true });
});

async function outcomeOf(source: string, provokes: readonly string[] = []): Promise<Outcome | undefined> {
  const file = join(folder, "client.mjs");
  writeFileSync(file, source);
  const programs = [{ name: "tiny", language: "node" as const, program: pathToFileURL(file) }];
  const suite = { ...ovhClients, fakeArguments: ["--insecure"], programs, provokes };
  const [outcome] = await runSuite(suite, {
    required: false,
    say: () => undefined,
    signal: new AbortController().signal,
  });
  return outcome;
}

const UNSIGNED = `await fetch(process.env.FAKE_URL + "/cloud/project/" + process.env.SERVICE_NAME + "/kube", { headers: {
  "X-Ovh-Application": process.env.APPLICATION_KEY, "X-Ovh-Consumer": process.env.CONSUMER_KEY,
  "X-Ovh-Timestamp": String(Math.floor(Date.now() / 1000)), "X-Ovh-Signature": "$1$" + "0".repeat(40) } });`;

describe("a client of a cloud", () => {
  it("passes with the steps it printed", async () => {
    const time = 'console.log(await (await fetch(process.env.FAKE_URL + "/auth/time")).text());';
    expect(await outcomeOf(time)).toEqual({ cloud: "ovh", name: "tiny", verdict: "passed", detail: "1 steps" });
  });

  it("fails when it ends badly, with what it said last", async () => {
    const outcome = await outcomeOf('console.error("the pool is gone"); process.exitCode = 1;');
    expect(outcome?.verdict).toBe("failed");
    expect(outcome?.detail).toContain("the pool is gone");
  });

  it("fails when the fake saw a violation, unless the client provokes it on purpose", async () => {
    expect(await outcomeOf(UNSIGNED)).toMatchObject({
      verdict: "failed",
      detail: expect.stringMatching(/^InvalidSignature/),
    });
    expect(await outcomeOf(UNSIGNED, ["InvalidSignature"])).toMatchObject({ verdict: "passed" });
  });

  it("fails when what it should have provoked did not happen", async () => {
    const detail = "the fake did not notice: InvalidSignature";
    expect(await outcomeOf("", ["InvalidSignature"])).toMatchObject({ verdict: "failed", detail });
  });

  it.each([
    [false, "skipped"],
    [true, "failed"],
  ] as const)("without its language, and required %s, it is %s, and a line says so", async (required, verdict) => {
    process.env["PATH"] = folder;
    const said: string[] = [];
    const signal = new AbortController().signal;
    const outcomes = await runSuite(ovhClients, { required, say: (line) => void said.push(line), signal });
    expect(outcomes.map((outcome) => outcome.verdict)).toEqual([verdict, verdict]);
    expect(said.join("\n")).toMatch(/python3 is not on the PATH[^]*go is not on the PATH/);
  });
});
