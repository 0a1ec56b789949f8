import { PromMetrics } from "@karpenter-multicloud/core/telemetry";
import { expect, it } from "vitest";
import { buildLabels } from "./version.ts";

it("M-1: karpenter_build_info tells the version, the commit of the image and what runs it", async () => {
  const metrics = new PromMetrics();
  metrics.set("karpenter_build_info", buildLabels({ KMC_COMMIT: "abc123" }), 1);
  const line = (await metrics.render()).split("\n").find((each) => each.startsWith("karpenter_build_info{")) ?? "";
  expect(line).toMatch(
    /^karpenter_build_info\{version="\d+\.\d+\.\d+[^"]*",goversion="v24\.[^"]+",goarch="\w+",commit="abc123"\} 1$/,
  );
  expect(buildLabels({})["commit"]).toBe("");
});
