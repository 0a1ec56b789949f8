import { writeFileSync } from "node:fs";
import { request } from "node:https";
import { seconds } from "@karpenter-multicloud/core/units";
import { Stage } from "./stage.ts";
import { kubectl } from "./kubectl.ts";
import { NodeClaims } from "@karpenter-multicloud/core/api";
import { readFileSync } from "node:fs";

const stage = await Stage.open();
const out: string[] = [];
const run = (args: string, input?: string) => kubectl(stage.plane.kubeconfigPath, args.split(" "), input);
const show = async (args: string) => { out.push(`$ kubectl ${args}\n${await run(args).catch((e) => String(e))}`); };
const pool = (name: string, flavor: string, more = "") => `
apiVersion: karpenter.sh/v1
kind: NodePool
metadata:
  name: ${name}
spec:
  weight: 10
  limits:
    cpu: "16"
  template:
    spec:
${more}
      nodeClassRef: { group: karpenter.ovhcloud.sh, kind: OVHNodeClass, name: default }
      taints: [{ key: team, value: ${name}, effect: NoSchedule }]
      requirements:
        - { key: node.kubernetes.io/instance-type, operator: In, values: [${flavor}] }
---
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  annotations: { karpenter.sh/do-not-disrupt: "true" }
spec:
  terminationGracePeriodSeconds: 5
  tolerations: [{ key: team, value: ${name} }]
  containers:
    - name: main
      image: registry.k8s.io/pause:3.10
      resources: { requests: { cpu: "1" } }
---
`;
try {
  stage.controller.start();
  await stage.controller.leads();
  await stage.applyQuickStart();
  await run("delete nodepool default");
  await new Promise<void>((resolve, reject) => {
    const body = JSON.stringify([{ match: { flavor: "b3-32" }, fault: "boot", noInstance: true }]);
    const r = request(new URL("/_fake/faults", stage.cloud.url), { method: "POST", ca: readFileSync(stage.cloud.caFile), headers: { "content-type": "application/json" } }, (a) => { out.push(String(a.statusCode)); a.resume(); a.on("end", resolve); });
    r.on("error", reject); r.end(body);
  });
  const t0 = Date.now();
  await run("apply -f -", pool("general", "b3-8") + pool("slow", "b3-32") + pool("prepared", "b3-16", "      startupTaints: [{ key: example.com/agent, effect: NoSchedule }]"));
  for (let i = 0; i < 25; i++) {
    await new Promise((r) => setTimeout(r, 2000));
    out.push(`after ${Date.now() - t0} ${new Date().toISOString()}`);
    await show("get nodepools -o wide");
    await show("get nodeclaims");
    await show("get nodes");
  }
} finally {
  writeFileSync("/tmp/kv/out.txt", out.join("\n"));
  writeFileSync("/tmp/kv/controller.log", stage.controller.log.join("\n"));
  await stage.close("explore");
}
