import { expect, it } from "vitest";
import { scaleTable } from "./scale-table.ts";

it("each phase is a line with what stood still and what it took", () => {
  const phase = { name: "burst", seconds: 9, nodes: 300, pods: 5000, rssMiB: 400, count: 7, over50ms: 2, atMostMs: 75 };
  const [head = "", line = ""] = scaleTable({ phases: [phase], rssMiB: 400 }).split("\n");
  expect(head).toContain("longest at most, ms");
  expect(line.trim().split(/\s+/)).toEqual(["burst", "9", "300", "5000", "7", "2", "75", "400"]);
});
