import type { Decision } from "@karpenter-multicloud/core/decisions";
import { describe, expect, it } from "vitest";
import { decisionPage } from "./decision-page.ts";

const START = Date.UTC(2026, 0, 1);
const BOUGHT: Decision = {
  at: START,
  controller: "provisioner",
  verdict: "CreateNodeClaim",
  subject: "NodeClaim default-1",
  detail: "5 pods need a new machine",
};
const HELD_BACK: Decision = {
  at: START + 1000,
  controller: "provisioner",
  verdict: "ObserveOnly",
  subject: "NodePool default",
  detail: "observe mode, nothing was bought",
};

async function ask(query = "", decisions: readonly Decision[] = [BOUGHT, HELD_BACK]): Promise<string> {
  return (await decisionPage(() => decisions)(new URLSearchParams(query), new AbortController().signal)).body;
}

describe("DX-1: the page of decisions", () => {
  it("is a table for people, the newest first", async () => {
    expect(await ask()).toBe(
      [
        "TIME                  VERDICT          SUBJECT              DETAIL",
        "2026-01-01T00:00:01Z  ObserveOnly      NodePool default     observe mode, nothing was bought",
        "2026-01-01T00:00:00Z  CreateNodeClaim  NodeClaim default-1  5 pods need a new machine",
        "",
      ].join("\n"),
    );
  });

  it.each([
    ["verdict=ObserveOnly", ["NodePool default"]],
    ["subject=default-1", ["NodeClaim default-1"]],
    ["subject=NodePool default&subject=default-1", ["NodePool default", "NodeClaim default-1"]],
    ["controller=disruption", []],
  ])("?%s chooses", async (query, subjects) => {
    const found = JSON.parse(await ask(`format=json&${query}`)) as readonly Decision[];
    expect(found.map(({ subject }) => subject)).toEqual(subjects);
  });

  it("is JSON for programs, with the time as Kubernetes writes it", async () => {
    const { at: _, ...bought } = BOUGHT;
    expect(JSON.parse(await ask("format=json", [BOUGHT]))).toEqual([{ time: "2026-01-01T00:00:00Z", ...bought }]);
  });

  it("says why it is empty", async () => {
    expect(await ask("", [])).toContain("does not lead");
  });
});
