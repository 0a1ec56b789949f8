// `demo --real` as people run it.

import { prepareControlPlane } from "@karpenter-multicloud/testkit/control-plane";
import { describe, expect, it } from "vitest";
import { Figures } from "./figures.ts";
import { Program } from "./program.ts";
import { COMPONENTS } from "./stage.ts";

const isThere = await prepareControlPlane("demo --real", COMPONENTS);

describe.runIf(isThere)("demo --real", () => {
  it("ends with 0 and nothing left", async () => {
    const figures = new Figures("demo --real");
    const lines: string[] = [];
    const onLine = (line: string): unknown => lines.push(line);
    const demo = new Program({ path: "workbench/src/demo/main.ts", args: ["--real", "--ci"], onLine });
    const code = await demo.ended;
    figures.mark("ended after");
    figures.print();
    expect([code, ...lines.filter((line) => /ERROR|BROKEN|NOT CONVERGED/.test(line))]).toEqual([0]);
    expect(JSON.parse(lines.at(-1) ?? "{}")).toMatchObject({ podsBound: 30, nodesEnd: 0, poolsEnd: 0 });
  }, 240_000);
});
