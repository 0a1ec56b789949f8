// The page about the engine's questions and answers shows what the engine really answers.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../repository/import-graph.ts";
import { answerLine } from "./answer-line.ts";

const page = readFileSync(join(ROOT, "docs/reference/engine.md"), "utf8");
const shown = [...page.matchAll(/^```json\n([^]*?)^```$/gm)].map(([, block = ""]): unknown => JSON.parse(block));

function answered(question: unknown): unknown {
  const { timings: _, ...answer } = JSON.parse(answerLine(JSON.stringify(question), { stopwatch: () => 0 }) ?? "") as {
    readonly timings: unknown;
  };
  return answer;
}

describe("the page about the engine", () => {
  it("shows two questions, each with its answer", () => {
    expect(shown).toHaveLength(4);
    const [pods, placed, nodes, removed] = shown;
    expect(answered(pods)).toEqual(placed);
    expect(answered(nodes)).toEqual(removed);
  });

  it("names no field and no option that a question may not have", () => {
    const names = [...page.matchAll(/^\| (`[^|]+?) +\| .* \|$/gm)].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`([A-Za-z.]+)`/g)].map(([, name = ""]) => name),
    );
    const fields = names.filter((name) => !name.startsWith("PROGRAM"));
    expect(fields.length).toBeGreaterThan(20);
    const refused = fields.filter((name) => {
      const [field = "", option] = name.split(".");
      const question = option === undefined ? { [field]: null } : { options: { [option]: null } };
      return JSON.stringify(answered(question)).includes("unknown field");
    });
    expect(refused).toEqual([]);
  });
});
