import { POD_REASONS } from "@karpenter-multicloud/core/reasons";
import { describe, expect, it } from "vitest";
import { explained } from "./explained.ts";
import { REASON_EXAMPLES } from "./reason-examples.ts";
import { REASON_GUIDE } from "./reason-guide.ts";
import { reasonPages, REASONS_FOLDER } from "./reason-page.ts";

const SEEN = POD_REASONS.filter((reason) => REASON_EXAMPLES[reason].notYet === undefined);
const pages = new Map(reasonPages().map(({ path, text }) => [path, text]));

describe("reference pages of the reasons", () => {
  it.each(SEEN)("%s: the engine gives it for the example, and the page shows the event", (reason) => {
    const found = explained(reason, REASON_EXAMPLES[reason]);
    expect(found?.pod.name).toBe(REASON_EXAMPLES[reason].pod);
    expect(pages.get(`${REASONS_FOLDER}${reason}.md`)).toContain(
      `Warning  FailedScheduling  Failed to schedule pod, ${found?.summary}\n`,
    );
  });

  it("few reasons are not given yet, and each says why", () => {
    const unseen = POD_REASONS.filter((reason) => explained(reason, REASON_EXAMPLES[reason]) === undefined);
    expect(unseen.filter((reason) => !REASON_EXAMPLES[reason].notYet)).toEqual([]);
    for (const reason of unseen) {
      expect(pages.get(`${REASONS_FOLDER}${reason}.md`)).toContain(REASON_EXAMPLES[reason].notYet);
    }
  });

  it("every reason has a page, and no other page is there", () => {
    const expected = ["README", ...POD_REASONS].map((name) => `${REASONS_FOLDER}${name}.md`);
    expect([...pages.keys()].toSorted()).toEqual(expected.toSorted());
  });

  it("the index links every page", () => {
    const index = pages.get(`${REASONS_FOLDER}README.md`) ?? "";
    expect([...index.matchAll(/\]\((\w+)\.md\) \|/g)].map((match) => match[1])).toEqual([...POD_REASONS]);
  });

  it("every command that names an object says which kind and what to replace", () => {
    for (const { commands } of Object.values(REASON_GUIDE)) {
      for (const [, command] of commands) expect(command).toMatch(/^kubectl (get|describe|logs) /);
    }
  });
});
