import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startKarpenter } from "./karpenter.ts";
import { UsageError } from "./options.ts";
import { reportOf, reportText } from "./report.ts";
import { runComparison } from "./run-comparison.ts";
import type { Judgement, Subject } from "./subject.ts";

const OPTIONS = { action: "disrupt", seeds: { first: 1, last: 4 }, repeat: 3, oracle: "", json: false } as const;
const EQUAL: Judgement = { result: "equal", acts: true, kinds: ["drift nothing", "multi replace"] };
const RESULTS: readonly Judgement[] = [
  EQUAL,
  { result: "explained", rules: ["D-1"], acts: true, kinds: ["drift replace", "multi replace"] },
  { result: "unexplained", detail: "single", acts: false, ours: { b: 1, a: 2 } },
  { result: "refused", detail: "Karpenter: ?", acts: false },
];

const subject: Subject = {
  scenario: (seed) => ({ name: `s${seed}`, description: seed % 2 ? "odd" : "even", action: "disrupt", seed }),
  judge: (scenario) => Promise.resolve(RESULTS[(scenario as { readonly seed: number }).seed - 1] ?? EQUAL),
  rules: { "D-1": "a rule" },
};

describe("a comparison", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kmc-test-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const run = async (more: object = {}) => {
    const asked: unknown[] = [];
    const karpenter = {
      ask: (scenario: object) => {
        asked.push(scenario);
        return Promise.resolve({ answer: 1 });
      },
      close: () => {},
    };
    const compared = await runComparison(
      { ...OPTIONS, save: folder, ...more },
      { subject, karpenter, progress: () => {} },
    );
    return { compared, asked };
  };

  it("asks Karpenter as often as it was told, and keeps what nobody explains with both answers", async () => {
    const { compared, asked } = await run();
    expect(asked).toHaveLength(4);
    expect(asked[0]).toMatchObject({ name: "s1", options: { repeat: 3 } });
    expect(compared.map(({ file }) => file)).toEqual([undefined, undefined, join(folder, "s3.json"), undefined]);
    expect(JSON.parse(await readFile(join(folder, "s3.json"), "utf8"))).toEqual({
      scenario: { name: "s3", description: "odd", action: "disrupt", seed: 3 },
      expected: { answer: 1 },
    });
    expect(await readFile(join(folder, "s3.ours.json"), "utf8")).toBe('{\n "a": 2,\n "b": 1\n}\n');
  });

  it("can be asked about a kept scenario again, or about lines of others", async () => {
    await run();
    expect((await run({ from: join(folder, "s3.json") })).compared.map(({ name }) => name)).toEqual(["s3"]);
    const lines = join(folder, "lines.jsonl");
    await writeFile(
      lines,
      '{"name":"a","action":"disrupt","seed":1}\n{"name":"b"}\n{"name":"c","action":"disrupt","seed":2}\n',
    );
    expect((await run({ from: lines })).compared.map(({ name }) => name)).toEqual(["a", "c"]);
  });

  it("says which file cannot be read", async () => {
    await expect(run({ from: join(folder, "gone") })).rejects.toThrow(UsageError);
    await writeFile(join(folder, "broken"), "{");
    await expect(run({ from: join(folder, "broken") })).rejects.toThrow(/neither one JSON object nor one per line/);
  });

  it("tells how many answers Karpenter gave only when it was asked more often", () => {
    const head = { name: "s", theme: "odd" };
    const report = reportOf([
      { ...head, judgement: { ...EQUAL, isRare: true } },
      { ...head, judgement: EQUAL },
    ]);
    expect(report.total.rare).toBe(1);
    expect(reportText(report, {})).toContain("1 of the equal ones only when Karpenter was asked ten times as often");
  });

  it("is reported with its shares by theme, the rules and the open ones", async () => {
    const { compared } = await run();
    const report = reportOf(compared);
    expect(report.total).toEqual({
      scenarios: 4,
      acting: 2,
      equal: 1,
      rare: 0,
      explained: 1,
      rules: { "D-1": 1 },
      unexplained: 1,
      refused: 1,
    });
    expect(report.decisions).toEqual({ drift: { nothing: 1, replace: 1 }, multi: { replace: 2 } });
    expect(reportText(report, subject.rules).split("\n")).toEqual([
      "scenarios about  asked  acting  equal  explained  unexplained  refused  equal %  explained by",
      "odd                  2       1      1          0            1        0     50.0",
      "even                 2       1      0          1            0        1      0.0  D-1",
      "all                  4       2      1          1            1        1     33.3  D-1",
      "D-1  1×  a rule",
      "",
      "decided  delete  replace  nothing",
      "drift         0        1        1",
      "multi         0        2        0",
      `UNEXPLAINED s3 (single): ${join(folder, "s3.json")}`,
    ]);
  });
});

describe("a program that runs Karpenter", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kmc-test-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const program = async (name: string, script: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return path;
  };

  it("answers line by line", async () => {
    const echo = await program("echo", 'while read -r line; do echo "$line"; done');
    const karpenter = await startKarpenter(echo);
    expect(await karpenter.ask({ a: 1 })).toEqual({ a: 1 });
    expect(await karpenter.ask({ b: 2 })).toEqual({ b: 2 });
    karpenter.close();
  });

  it("that is none is told as such", async () => {
    await expect(startKarpenter(join(folder, "gone"))).rejects.toThrow(/give --oracle the path/);
    const wrong = await startKarpenter(await program("wrong", "exit 3"));
    await expect(wrong.ask({})).rejects.toThrow(/is it the oracle/);
  });
});
