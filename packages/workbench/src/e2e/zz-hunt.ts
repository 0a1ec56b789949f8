import "reflect-metadata";
import { seconds, milliseconds } from "@karpenter-multicloud/core/units";
import { runWithCrashes } from "./crash-run.ts";
import { ovhCloud } from "../demo/clouds/ovh.ts";
import { simulatedCloud } from "../demo/clouds/simulated.ts";
import { nameCallsByRequest } from "@karpenter-multicloud/testkit";
nameCallsByRequest();
const [which = "simulated", strideText = "10", offsetText = "0", mode = "all", seed = "1"] = process.argv.slice(2);
const opener = () => (which === "ovh" ? ovhCloud() : simulatedCloud());
const base = await runWithCrashes(opener(), []);
const points = base.lastLife.filter((p) => mode === "all" || !/pumpSoon|^watch|^list|Event|Secret/.test(p.call));
console.log(which, "points", base.lastLife.length, "of interest", points.length, "machines", base.machinesEver);
const downs = [milliseconds(0), seconds(1), seconds(20)];
let runs = 0,
  bad = 0;
const t0 = performance.now();
for (let i = Number(offsetText); i < points.length; i += Number(strideText)) {
  const point = points[i]!.number;
  const down = downs[((i / Number(strideText)) | 0) % 3]!;
  const crashes = [{ point, downFor: down }];
  if (mode === "multi")
    crashes.push(
      { point: 50 + ((i * 7) % 900), downFor: seconds(2) },
      { point: 30 + ((i * 13) % 700), downFor: seconds(0) },
    );
  const r = await runWithCrashes(opener(), crashes);
  runs++;
  const errors = r.log.filter((l) => l.level === "error");
  const warns = r.log.filter((l) => l.level === "warn");
  const problems = [
    ...(r.stuckAt ? [`stuck at ${r.stuckAt}`] : []),
    ...r.leftovers,
    ...r.complaints,
    ...(r.machinesEver > r.claimsEver ? [`${r.machinesEver} machines for ${r.claimsEver} claims`] : []),
    ...errors.map(
      (l) =>
        `ERROR ${l.message} ${l.fields.error instanceof Error ? l.fields.error.message : ""} ${JSON.stringify(l.fields)}`,
    ),
    ...warns.map(
      (l) =>
        `warn ${l.message} ${l.fields.error instanceof Error ? l.fields.error.message : ""} ${JSON.stringify(l.fields)}`,
    ),
    ...(r.machinesEver > base.machinesEver ? [`more machines: ${r.machinesEver}`] : []),
    ...(r.virtualSeconds > base.virtualSeconds + 700 ? [`slow: ${r.virtualSeconds} s`] : []),
    ...(r.deaths.length < 1 ? ["did not die"] : []),
  ];
  if (problems.length) {
    bad++;
    console.log(
      `#${point} down ${down} ${r.deaths.map((d) => `${d.moment} ${d.call}`).join(" | ")} virt ${r.virtualSeconds}: \n   ${problems.slice(0, 6).join("\n   ")}`,
    );
  }
}
console.log(`${which} ${mode}: ${runs} runs, ${bad} with problems, ${((performance.now() - t0) / 1000).toFixed(0)} s`);
process.exit(0);
