import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { runRow } from "./run-row.ts";

const SMALL = { workload: "deploy", size: 20, mode: "fast", quick: true } as const;

it("a line is measured in a process of its own and its plan is checked", async () => {
  const outcome = await runRow(SMALL, new AbortController().signal);
  expect(outcome).toMatchObject({
    status: "measured",
    input: { pods: 20, existingNodes: 0, nodePools: 1, instanceTypes: 400, solves: 1 },
    timing: { warmUps: 1, counted: 3 },
    plan: { placed: 20, unplaced: 0 },
    check: "ok",
  });
  expect(outcome.timing?.p50Ms).toBeGreaterThan(0);
});

it("a profiled line leaves a profile that a browser opens", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kmc-bench-test-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "deploy.cpuprofile");
  const { profile } = await runRow({ ...SMALL, profileTo: file }, new AbortController().signal);
  expect(profile?.top).toHaveLength(10);
  expect(Object.keys(JSON.parse(await readFile(file, "utf8")) as object)).toEqual(
    expect.arrayContaining(["nodes", "samples", "timeDeltas"]),
  );
});

it("a line that cannot be measured says why", async () => {
  const outcome = await runRow({ ...SMALL, workload: "nonsense" }, new AbortController().signal);
  expect(outcome).toMatchObject({ status: "failed", error: expect.stringContaining('no workload "nonsense"') });
});

it("stops when it is told to", async () => {
  await expect(runRow({ ...SMALL, size: 5000 }, AbortSignal.timeout(50))).rejects.toThrow(/abort/i);
});
