import "reflect-metadata";
import { runWithCrashes } from "/work/main/packages/workbench/src/e2e/crash-run.ts";
import { ovhCloud } from "/work/main/packages/workbench/src/demo/clouds/ovh.ts";
import { simulatedCloud } from "/work/main/packages/workbench/src/demo/clouds/simulated.ts";
import { nameCallsByRequest } from "/work/main/packages/testkit/src/index.ts";
nameCallsByRequest();
for (const which of ["ovh", "simulated", "ovh", "simulated"]) {
  const t = performance.now();
  const r = await runWithCrashes(which === "ovh" ? ovhCloud() : simulatedCloud(), []);
  console.log(which, {
    stuckAt: r.stuckAt,
    leftovers: r.leftovers,
    complaints: r.complaints,
    claims: r.claimsEver,
    machines: r.machinesEver,
    virt: r.virtualSeconds,
    points: r.lastLife.length,
    wall: performance.now() - t,
    deaths: r.deaths,
  });
  const kinds = new Map<string, number>();
  for (const p of r.lastLife) {
    const k = p.call.replace(/ .*/, (m) => " " + m.trim().split(/[ \/]/)[0]);
    kinds.set(k, (kinds.get(k) ?? 0) + 1);
  }
  console.log(Object.fromEntries([...kinds].sort((a, b) => b[1] - a[1])));
  console.log(r.log.filter((l) => l.level === "error" || l.level === "warn"));
}
